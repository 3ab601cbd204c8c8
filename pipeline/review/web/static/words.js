// What the page says, in two languages.

const ZH = {
  brand: '矿卫 · 线索核实', login: '登录', token: '登录口令', loginHint: '由管理员用 minewarden review user add 生成，只显示一次。', wrongToken: '口令不对。',
  logout: '退出', help: '快捷键', month: '月份', search: '编号、矿山、乡镇…', all: '全部', finding: '线索类型', review: '核实状态', status: '监测状态', town: '乡镇', mine: '矿山',
  new: '本月新增', newShort: '新', outside: '矿权以外', unseen: '我未看过', disputed: '有分歧', overdue: '超期', mineOnly: '我核实的', audit: '待复核', sort: '排序', rank: '优先级', area: '面积', day: '首次发现', id: '编号',
  count: (n, total) => `${n} / ${total} 条`, done: (n, total) => `已核实 ${n} / ${total}`, none: '没有符合条件的线索。', clear: '清除筛选',
  pending: '待核实', confirmed: '已确认', dismissed: '已排除', needs_field_check: '需实地核查',
  confirm: '确认', dismiss: '排除', field: '实地核查', undo: '撤销', reason: '排除理由', note: '核实说明（可不填）', other: '请写明其他理由，按 Enter 提交',
  judgement: '判定', before: '前', after: '后', natural: '真彩色', infrared: '短波红外', drone: '无人机', swipe: '卷帘', blink: '闪烁', both: '并排', wider: '周边', lines: '边界', draw: '勾绘',
  drawHint: '点击逐点勾绘，拖动移点，双击或 Enter 完成，Esc 放弃，Backspace 删除上一点', drawSave: '保存范围', drawDrop: '恢复机器范围', cancel: '放弃', drawn: '人工勾绘范围',
  ndvi: '植被指数 NDVI', red: '红光反射率', season: '自身季节及正常范围', clearLook: '清晰观测', changedLook: '变化后', cloudLook: '云、影或雪', seriesHint: '点击观测设为后时相，Shift+点击设为前时相',
  loading: '正在读取…', noPicture: '该日影像不能读取', noSeries: '没有时间序列', uncovered: '未覆盖', cloudy: '云', map: '县域图', overview: '县域总览',
  facts: '线索信息', also: '同时涉及', trace: '判定依据', history: '核实记录', flights: '航飞与现场照片', confirms: '支持', contradicts: '不支持', silent: '不能判断', evidence: '证据图', copy: '复制地址', copied: '已复制', auditTitle: '复核', agrees: '同意', disagrees: '不同意', auditNote: '复核意见',
  own: '本条由您核实，须他人复核。', steps: '后续处置', nextStep: '步骤', stepDate: '日期', document: '文号', due: '下一步期限（可不填）', save: '登记', withdrawn: '撤回上一步', dueBy: (d) => `下一步期限 ${d}`,
  field_checked: '实地核查', filed: '立案', handled: '非立案处理', no_action: '不处理', rectified: '整改', closed: '销号',
  waiting: (n) => `${n} 项待保存`, busy: '台账正在写入（可能在生成月度成果），稍后自动重试', offline: '服务器没有应答，恢复后自动重试；可以继续核实',
  late: (who, what) => `${who} 已先核实为“${what}”。您的意见已一并记录为分歧，请再看一次后决定。`, others: (who, what) => `${who} 刚刚核实本条：${what}`, newMonth: (m) => `${m} 月成果已完成`, open: '打开',
  kindVerdict: '核实', kindLate: '同时核实（未采用）', kindAudit: '复核', kindOutline: '勾绘范围', kindStep: '处置', back: '回到机器范围', undone: '撤销上一次核实',
  nothingToUndo: '本条没有您的核实可以撤销。', undoWhich: '没有可以撤销的核实。要撤销以前的核实，请先打开该条线索。',
  end: '已到列表末尾', allDone: '筛选范围内的线索都已核实。', viewer: '只读用户不能核实。', legend: '图例', right: '矿权', legacy: '历史遗留图斑', zone: '禁采区、永久基本农田', farm: '耕地', approval: '批准用地', case: '线索范围', townLine: '乡镇',
  provisionalStatus: '初步', confirmedStatus: '已证实', endedStatus: '已结束', mu: '亩', refused: '未保存：', session: '登录已过期，请重新登录；未保存的核实不会丢失。',
  byFinding: '按类型', byReview: '按状态', start: '从列表或地图选择一条线索，或按 J 开始。',
};

const EN = {
  brand: 'minewarden · review', login: 'Log in', token: 'Token', loginHint: 'Made by minewarden review user add; shown once.', wrongToken: 'Nobody has this token.',
  logout: 'Log out', help: 'Keys', month: 'Month', search: 'id, mine, town…', all: 'all', finding: 'Finding', review: 'Verdict', status: 'Status', town: 'Town', mine: 'Mine',
  new: 'new this month', newShort: 'new', outside: 'outside rights', unseen: 'not seen by me', disputed: 'disputed', overdue: 'overdue', mineOnly: 'decided by me', audit: 'to audit', sort: 'Sort', rank: 'priority', area: 'area', day: 'first seen', id: 'id',
  count: (n, total) => `${n} of ${total}`, done: (n, total) => `${n} of ${total} decided`, none: 'No case fits.', clear: 'Clear filters',
  pending: 'pending', confirmed: 'confirmed', dismissed: 'dismissed', needs_field_check: 'field check',
  confirm: 'Confirm', dismiss: 'Dismiss', field: 'Field check', undo: 'Undo', reason: 'Reason', note: 'Note (optional)', other: 'Write the reason, then Enter',
  judgement: 'Judgement', before: 'Before', after: 'After', natural: 'True colour', infrared: 'SWIR', drone: 'Drone', swipe: 'Swipe', blink: 'Blink', both: 'Side by side', wider: 'Wider ', lines: 'Outlines', draw: 'Draw',
  drawHint: 'Click corner by corner, drag to move, double-click or Enter to finish, Esc to drop, Backspace takes one back', drawSave: 'Save outline', drawDrop: "Machine's outline again", cancel: 'Drop', drawn: 'outline as drawn',
  ndvi: 'NDVI', red: 'Red reflectance', season: 'its own season, usual range', clearLook: 'clear look', changedLook: 'since the change', cloudLook: 'cloud, shadow, snow', seriesHint: 'Click a look to show it as after, Shift+click as before',
  loading: 'Reading…', noPicture: "This date's scene can't be read", noSeries: 'No time series', uncovered: 'not covered', cloudy: 'cloud', map: 'County', overview: 'The county',
  facts: 'Case', also: 'also', trace: 'Why', history: 'What was said', flights: 'Flights and field photos', confirms: 'confirms', contradicts: 'contradicts', silent: 'can\'t tell', evidence: 'Evidence sheet', copy: 'Copy address', copied: 'copied', auditTitle: 'Audit', agrees: 'Agree', disagrees: 'Disagree', auditNote: 'Remark',
  own: 'You decided on this case: somebody else has to audit it.', steps: 'After the verdict', nextStep: 'Step', stepDate: 'Date', document: 'Document no.', due: 'Next due (optional)', save: 'Note', withdrawn: 'take the last step back', dueBy: (d) => `next step due ${d}`,
  field_checked: 'field-checked', filed: 'case filed (立案)', handled: 'handled without a case (非立案处理)', no_action: 'no action (不处理)', rectified: 'rectified (整改)', closed: 'closed (销号)',
  waiting: (n) => `${n} to be saved`, busy: 'The ledger is being written (a run is finishing); tried again shortly', offline: 'The server does not answer; tried again when it does. You can go on',
  late: (who, what) => `${who} decided first: ${what}. Yours is recorded as a disagreement; please look again.`, others: (who, what) => `${who} has just decided: ${what}`, newMonth: (m) => `${m} is done`, open: 'Open',
  kindVerdict: 'verdict', kindLate: 'verdict beside (not in force)', kindAudit: 'audit', kindOutline: 'outline', kindStep: 'step', back: "machine's outline again", undone: 'takes the last verdict back',
  nothingToUndo: 'There is no verdict of yours on this case to undo.', undoWhich: 'There is nothing to undo. To undo an earlier verdict, open its case first.',
  end: 'End of the list', allDone: 'Every case that fits is decided.', viewer: 'Viewers can not decide.', legend: 'Legend', right: 'mining right', legacy: 'legacy patch', zone: 'banned zone, basic farmland', farm: 'farmland', approval: 'approved land', case: 'case', townLine: 'town',
  provisionalStatus: 'provisional', confirmedStatus: 'persistent', endedStatus: 'ended', mu: 'mu', refused: 'Not saved: ', session: 'Your session has ended: log in again. Nothing unsaved is lost.',
  byFinding: 'By finding', byReview: 'By verdict', start: 'Choose a case in the list or on the map, or press J.',
};

// Reasons and judgements are recorded in Chinese, whatever the page's language.
export const REASONS = ['云影', '耕作', '大棚', '建设', '道路', '光伏', '已批准', '自然', '其他'];
const REASONS_EN = ['cloud, shadow', 'tillage', 'greenhouse', 'construction', 'road', 'solar', 'approved', 'natural', 'other'];
export const JUDGEMENTS = ['违法', '合法', '伪变化'];
const JUDGEMENTS_EN = { 违法: 'unlawful', 合法: 'lawful', 伪变化: 'false change' };

const FACTS_ZH = {
  first_seen: '首次发现', last_seen: '最近发现', area_m2: '监测面积', growth_m2: '本月扩大', mining_likelihood: '采矿可能性', confidence: '变化置信度', cause: '变化原因',
  right_name: '矿山名称', right_id: '采矿许可证号', holder: '采矿权人', mineral: '开采主矿种', valid_to: '有效期止', distance_to_right_m: '距最近矿权', overshoot_m2: '越界面积', overshoot_max_m: '最远越界', position_error_m: '位置误差', overshoot_certain_m2: '扣除误差后越界',
  legacy_id: '历史遗留图斑', legacy_state: '治理状态', deadline: '治理期限', restriction: '涉及耕地、禁采区', restriction_m2: '占用面积', town: '坐落', lonlat: '经纬度', patch_id: '变化图斑',
};
const FACTS_EN = {
  first_seen: 'first seen', last_seen: 'last seen', area_m2: 'area', growth_m2: 'growth', mining_likelihood: 'mining likelihood', confidence: 'confidence', cause: 'cause',
  right_name: 'mine', right_id: 'licence', holder: 'holder', mineral: 'mineral', valid_to: 'valid to', distance_to_right_m: 'to nearest right', overshoot_m2: 'overshoot', overshoot_max_m: 'farthest beyond', position_error_m: 'position error', overshoot_certain_m2: 'beyond the error',
  legacy_id: 'legacy patch', legacy_state: 'state', deadline: 'deadline', restriction: 'farmland, zones', restriction_m2: 'area there', town: 'town', lonlat: 'lon, lat', patch_id: 'patch',
};
const CAUSES_ZH = { mining: '采矿', construction: '建设施工', road: '道路', solar: '光伏', greenhouse: '设施农业', farmland: '农田耕作', logging: '采伐', water: '水体变化', burn: '火烧', landslide: '滑坡', unknown: '原因不明' };

export const english = document.documentElement.lang === 'en';
export const t = english ? EN : ZH;
export const facts = english ? FACTS_EN : FACTS_ZH;
export const causeName = (cause) => (english ? cause : CAUSES_ZH[cause] || cause);
export const reasonName = (reason) => (english && REASONS.includes(reason) ? REASONS_EN[REASONS.indexOf(reason)] : reason);
export const judgementName = (value) => (english ? JUDGEMENTS_EN[value] || value : value);
export const findingName = (row, names) => (english ? row.finding.replaceAll('_', ' ') : names[row.finding] || row.finding);
const STATUSES = { provisional: t.provisionalStatus, confirmed: t.confirmedStatus, ended: t.endedStatus };
export const statusName = (status) => STATUSES[status] || status;
export const KEYS = [
  ['J ↓', ['下一条', 'next case']], ['K ↑', ['上一条', 'case before']], ['N', ['下一条待核实', 'next pending']], ['C', ['确认', 'confirm']], ['D  1–9', ['排除，选理由', 'dismiss, with a reason']],
  ['F', ['需实地核查', 'field check']], ['G', ['判定：违法、合法、伪变化', 'judgement: unlawful, lawful, false change']], ['U', ['撤销', 'undo']], ['T', ['写说明', 'write a note']], ['B', ['闪烁', 'blink']], ['W', ['卷帘', 'swipe']], ['V', ['并排', 'side by side']],
  ['S', ['真彩色 / 短波红外', 'true colour / SWIR']], ['[ ]', ['前时相换日期', "other date before"]], [', .', ['后时相换日期', 'other date after']], ['+ −', ['看周边', 'surroundings']],
  ['X', ['无人机影像', "a flight's picture"]], ['O', ['边界显示', 'outlines']], ['E', ['勾绘范围', 'draw the outline']], ['A  Shift+A', ['复核同意 / 不同意', 'audit: agree / disagree']], ['M', ['县域图', 'county map']], ['/', ['搜索', 'search']], ['?', ['快捷键', 'these keys']], ['Esc', ['关闭', 'close']],
].map(([keys, [zh, en]]) => [keys, english ? en : zh]);
