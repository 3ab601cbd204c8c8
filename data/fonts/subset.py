"""Cut the font of the evidence pictures out of WenQuanYi Micro Hei: done once, at development time; nothing of this runs in the product.

    apt-get install fonts-wqy-microhei        # Debian's package; /usr/share/doc/fonts-wqy-microhei/copyright tells the licence
    pip install fonttools
    python data/fonts/subset.py /usr/share/fonts/truetype/wqy/wqy-microhei.ttc

Writes into pipeline/publish/evidence/fonts: `wqy-microhei-gb2312.ttf`, and `wqy-microhei-gb2312.txt` with the characters it has, by which the
pictures know what they have to show in another way. The licence lies beside them.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

OUT = Path(__file__).resolve().parents[2] / "pipeline" / "publish" / "evidence" / "fonts"
NAME = "wqy-microhei-gb2312"
LATIN = "".join(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0xAD), *range(0xAE, 0x100), *range(0x391, 0x3CA)]))
SIGNS = "–—‘’“”…‰′″℃№㎡㎞㎜㎏→←↑↓≈≠≤≥±×÷·°²³¹½△▲○●□■◇◆☆★①②③④⑤⑥⑦⑧⑨⑩"
RARER = (
    "堃喆昇赟犇淼晟煊玥珺翊旸昳瑄祎茜妤婧嫄炜烨焜焯熠珅琤璟璠甯祺禛稼筱绮翀芃芊苡莙蒽蓁诩谌赪轶邺郦郗郜郓鄯镕鑫铖锟镔镠闳阗霈"
    "霖韫颀颢飏骐骢魁龑嵨崮崾塬圪墚峁峪岘垴砭碥沄沣泾洮渭湟滹漳濮瀍灞"
)
"""Of names of people and places on loess, as far as GB2312 lacks them."""


def gb2312() -> str:
    """Characters of GB 2312-80: all ideographs, signs and full-width Latin; not its kana, Cyrillic, bopomofo and box drawings."""
    rows = (0xA1, 0xA2, 0xA3, *range(0xB0, 0xF8))
    pairs = (bytes((high, low)) for high in rows for low in range(0xA1, 0xFF))
    return "".join(pair.decode("gb2312", "ignore") for pair in pairs)


def main(source: str) -> None:
    options = Options()
    options.hinting, options.layout_features, options.notdef_outline, options.name_IDs = False, [], True, [0, 1, 2, 5, 13, 14]
    options.drop_tables += ["vhea", "vmtx", "GDEF", "GPOS", "GSUB", "FFTM"]  # nothing is set vertically, or shaped
    font = TTFont(source, fontNumber=0, recalcTimestamp=False)
    wanted = {ord(sign) for sign in gb2312() + LATIN + SIGNS + RARER} & set(font.getBestCmap())
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    OUT.mkdir(parents=True, exist_ok=True)
    font.save(OUT / f"{NAME}.ttf")
    (OUT / f"{NAME}.txt").write_text("".join(map(chr, sorted(wanted))), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
