"""What is wrong with a layer, in the clerk's language: a title for each code."""

from __future__ import annotations

TITLES = {
    "MW-LAYER-AREA": "登记面积与坐标不符",
    "MW-LAYER-ASK": "有歧义，需人工确认",
    "MW-LAYER-AXES": "坐标顺序颠倒",
    "MW-LAYER-CHANGED": "文件正在被改动",
    "MW-LAYER-COORDINATES": "坐标超出范围",
    "MW-LAYER-COUNT": "点数不符",
    "MW-LAYER-CRS": "坐标系未知",
    "MW-LAYER-DATE": "日期无法识别",
    "MW-LAYER-DATUM": "旧坐标系缺少转换参数",
    "MW-LAYER-DATUM-UNSAID": "未写明坐标系",
    "MW-LAYER-DUPLICATE": "图形重复",
    "MW-LAYER-EMPTY": "没有图形或图形无效",
    "MW-LAYER-ENCODING": "文字编码无法识别",
    "MW-LAYER-FARMLAND": "农田类型未填",
    "MW-LAYER-FIELD": "缺少字段",
    "MW-LAYER-FILE": "文件不存在或无法读取",
    "MW-LAYER-FORMAT": "文件格式不符",
    "MW-LAYER-ID": "编号缺失或重复",
    "MW-LAYER-INSIDE-OUT": "内外圈颠倒",
    "MW-LAYER-LICENCE": "许可证号不规范",
    "MW-LAYER-LINE": "坐标行无法识别",
    "MW-LAYER-MOJIBAKE": "文字乱码",
    "MW-LAYER-NAN": "坐标不是数字",
    "MW-LAYER-NUMBER": "数值无法识别",
    "MW-LAYER-OUTSIDE": "不在本县范围",
    "MW-LAYER-OVERLAP": "矿权重叠",
    "MW-LAYER-PARTS": "Shapefile 文件不全",
    "MW-LAYER-PERIOD": "有效期起止颠倒",
    "MW-LAYER-POINTS": "拐点不足",
    "MW-LAYER-READ": "文件无法读取",
    "MW-LAYER-REMOTE": "不是本机文件",
    "MW-LAYER-SELF-CROSSING": "界线自相交",
    "MW-LAYER-SIZE": "文件过大",
    "MW-LAYER-SLIVER": "狭长碎屑",
    "MW-LAYER-STATE": "治理状态不规范",
    "MW-LAYER-STATUS": "状态用词不规范",
    "MW-LAYER-STATUS-DATE": "状态与日期矛盾",
    "MW-LAYER-STORE": "图层版本库受损",
    "MW-LAYER-TABLE": "文件含多个图层",
    "MW-LAYER-TEXT": "文字过长或含不可见字符",
    "MW-LAYER-TYPE": "不是面状图形",
    "MW-LAYER-UNCLOSED": "界线未闭合",
    "MW-LAYER-ZONE": "带号不符",
}


def title(code: str) -> str:
    return TITLES.get(code, "图层问题")
