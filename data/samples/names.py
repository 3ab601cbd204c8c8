"""Names and numbers as a county's registers have them (townships are Huining's; mines and firms are invented)."""

from __future__ import annotations

import datetime as dt

import numpy as np

TOWNS = [
    "会师镇",
    "郭城驿镇",
    "河畔镇",
    "头寨子镇",
    "太平店镇",
    "甘沟驿镇",
    "侯家川镇",
    "柴家门镇",
    "汉家岔镇",
    "刘家寨子镇",
    "白草塬镇",
    "大沟镇",
    "四房吴镇",
    "中川镇",
    "老君坡镇",
    "平头川镇",
    "丁家沟镇",
    "杨崖集镇",
    "翟家所镇",
    "韩家集镇",
    "土门岘镇",
    "新塬镇",
    "草滩镇",
    "新庄镇",
    "党家岘乡",
    "八里湾乡",
    "土高山乡",
]
VILLAGES = [
    "张家湾",
    "李家岔",
    "王家川",
    "陈家塬",
    "马家沟",
    "上岔",
    "下庄",
    "红土坡",
    "白土崖",
    "石门岘",
    "沙河",
    "杏树梁",
    "大坪",
    "小山",
    "苦水沟",
    "柳树湾",
    "高窑",
    "东坡",
]
FIRMS = ["兴源", "恒泰", "金塬", "宏达", "鑫盛", "祁连", "祖厉河", "华鑫", "永固", "陇原", "瑞丰", "天成"]
MINERALS = {
    "clay": ("砖瓦用粘土", "砖瓦用粘土矿", "砖瓦厂"),
    "loess": ("砖瓦用粘土", "砖瓦用粘土矿", "新型墙材有限公司"),
    "granite": ("建筑用花岗岩", "建筑用花岗岩矿", "石料有限责任公司"),
    "limestone": ("建筑石料用灰岩", "建筑石料用灰岩矿", "建材有限责任公司"),
    "gravel": ("建筑用砂", "建筑用砂石料场", "砂石有限责任公司"),
}


def licence(rng: np.random.Generator, issued: dt.date) -> str:
    """A 采矿许可证号: C and 22 digits (region, year and month of issue, class of mineral, serial numbers)."""
    serial = int(rng.integers(1_000_000_000))
    return f"C620422{issued.year}{issued.month:02d}71{serial:09d}"[:23].ljust(23, "0")


def place(rng: np.random.Generator) -> str:
    """Township and village."""
    return str(rng.choice(TOWNS)) + str(rng.choice(VILLAGES))


def mine(rng: np.random.Generator, material: str, status: str) -> dict[str, str]:
    """Name, holder and mineral of a right."""
    mineral, kind, firm = MINERALS[material]
    where = str(rng.choice(TOWNS))
    kind = kind.replace("矿", "") + "普查" if status == "探矿" else kind
    return {
        "name": f"会宁县{where}{rng.choice(VILLAGES)}{kind}",
        "holder": f"会宁县{rng.choice(FIRMS)}{firm}",
        "mineral": mineral,
    }


def patch(rng: np.random.Generator) -> str:
    """Name of a legacy patch."""
    return place(rng) + str(rng.choice(["采砂坑", "取土场", "废弃采石场", "废弃砖厂取土坑"]))
