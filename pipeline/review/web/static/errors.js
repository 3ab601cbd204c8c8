// What the server refuses, in the page's language: its own words in English, by their code in Chinese. What is wrong, then what to do.

import { english } from './words.js';

const ZH = {
  'MW-DISK-FULL': '磁盘已满。请腾出空间，页面会自动重试。',
  'MW-EVENT-KEY': '这次登记与以前的一次重号。请再操作一次。',
  'MW-LEDGER-BUSY': '台账正在写入（可能在生成月度成果）。请稍候，页面会自动重试。',
  'MW-LEDGER-DAMAGED': '台账没有通过完整性校验。请管理员运行 minewarden repair，未保存的内容不会丢失。',
  'MW-LEDGER-FILE': '台账文件不能使用。请管理员检查文件夹、权限和磁盘空间。',
  'MW-LEDGER-MONTH': '台账文件不见了，或缺少已完成的月份。请管理员放回台账，或运行 minewarden repair。',
  'MW-CODE-CHANGED': '配置中的行政区划代码与台账里的编号不符。请管理员改回原来的代码，或换用新的输出文件夹。',
  'MW-LEDGER-VERSION': '台账由更新版本的程序写成。请管理员升级程序。',
  'MW-MONTH-EARLY': '该月早于监测起始月。请另选月份。',
  'MW-MONTH-FORMAT': '地址中的月份写法不对。请写作 YYYY-MM，例如 2024-09。',
  'MW-MONTH-FUTURE': '该月尚未结束。请另选月份。',
  'MW-MONTH-MISSING': '该月没有成果。请另选月份。',
  'MW-PERMISSION': '文件没有读写权限。请管理员检查权限和磁盘。',
  'MW-RESULT-DAMAGED': '该月成果文件已损坏。请管理员从备份恢复，或用 --replay 重做该月。',
  'MW-REVIEW-CASE': '本月没有这条线索，或它已并入别的线索。请刷新列表后再核实。',
  'MW-REVIEW-KEY': '这次登记的编号无效或已被别人使用。请刷新页面后再操作一次。',
  'MW-REVIEW-OUTLINE': '勾绘的范围不能用：至少三个角点，边线不得相交，不得过小或过大，且须在本条线索附近、县域以内。请重新勾绘。',
  'MW-REVIEW-SCENE': '该日影像不能读取。请换一个日期。',
  'MW-REVIEW-SELF': '本条由您核实，须由他人复核。',
  'MW-REVIEW-UNDO': '本条没有您的核实可以撤销。请直接作出新的核实。',
  'MW-REVIEW-VALUE': '填写的内容不合要求（说明、意见和文号不超过 2000 字，日期写作 YYYY-MM-DD）。请改正后再提交。',
  'MW-STEP-DATE': '日期不对：不得早于上一步，不得晚于今天；下一步期限不得早于本步日期。请改正日期。',
  'MW-STEP-DOCUMENT': '没有文号，或文号超过 200 字。请填写文号。',
  'MW-STEP-ORDER': '处置步骤的次序不对。次序为：实地核查；立案、非立案处理或不处理；整改；销号。请选择下一步。',
  'MW-STEP-VERDICT': '本条尚未确认，不能登记处置。请先确认。',
  'MW-VERDICT-STALE': '别人刚刚核实过本条，或核实已经撤销。请再看一次，仍须核实的请重新提交。',
  'MW-VERDICT-UNKNOWN': '台账中没有这条线索。请刷新列表。',
  'MW-VERDICT-VALUE': '核实结果无效。请刷新页面后再操作一次。',
  'MW-WEB': '服务器没有完成这次请求。请刷新页面；仍不行时请管理员查看日志。',
  'MW-WEB-AWAY': '服务器没有应答。请确认核实服务仍在运行；未保存的内容会自动重试。',
  'MW-WEB-BODY': '发送的内容有误。请刷新页面后再操作一次。',
  'MW-WEB-HOST': '地址栏中的地址不是本服务的地址。请用启动时显示的地址打开。',
  'MW-WEB-LOGIN': '尚未登录或登录已过期。请重新登录。',
  'MW-WEB-ORIGIN': '这次写入不是从本页面发出的，已拒绝。请用启动时显示的地址打开页面。',
  'MW-WEB-ROLE': '您的角色不能做这项操作。请找有权限的同事，或请管理员调整角色。',
  'MW-WEB-TOKEN': '登录凭据已更换。请刷新页面后再操作一次。',
  'MW-WEB-TYPE': '发送的格式有误。请刷新页面后再操作一次。',
};

// said: the server's answer, {code, message, fix}.
export function told(said) {
  if (english) return `${said.message} ${said.fix || ''}`.trim();
  return ZH[said.code] || `服务器出错（${said.code || 'MW-WEB'}）。请管理员查看日志。`;
}
