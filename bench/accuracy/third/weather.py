"""Daily rain, soil moisture and snow."""

from datetime import timedelta

import numpy as np

from third.frame import EPOCH, Frame, day_number


class Weather:
    """Rain wets the soil or falls as snow. One year is dry, so the hills green up less."""

    def __init__(self, frame: Frame) -> None:
        rng = frame.rng
        first, last = min(frame.years), frame.year
        self.start = day_number(first - 1)  # a year early, for the soil to settle
        days = day_number(last + 1) - self.start
        self.dry_year = first + int(rng.integers(0, len(frame.years)))
        years = range(first - 1, last + 2)
        self.water = {y: float(np.clip(rng.normal(1, 0.08), 0.85, 1.15)) * (0.66 if y == self.dry_year else 1) for y in years}
        self.moist, self.snow, self.rain = np.zeros(days), np.zeros(days), np.zeros(days)
        wet = snow = 0.0
        rained = False
        for i in range(days):
            d = EPOCH + timedelta(self.start + i)
            doy = d.timetuple().tm_yday
            summer = np.exp(-(((doy - 215) / 55) ** 2))
            chance = (0.13 + 0.24 * summer) * self.water[d.year] * (2.0 if rained else 0.8)
            rained = rng.random() < chance
            mm = rng.gamma(0.8, 4 + 9 * summer) if rained else 0
            temp = 7 - 13.5 * np.cos((doy - 18) / 365 * 2 * np.pi) + rng.normal(0, 3)
            if temp < -1 and rained:
                snow, mm = snow + mm * 0.5 + 1, 0
            melt = max(0, 0.25 + 0.35 * (temp + 5)) if snow > 0 else 0
            snow = max(0, snow - melt)
            wet = min(1, wet * np.exp(-1 / (2.2 + 5 * (temp < 6))) + mm / 22 + (melt > 0) * 0.05)
            self.rain[i], self.moist[i], self.snow[i] = rained, wet, snow
