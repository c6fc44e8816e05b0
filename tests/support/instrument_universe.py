"""A few hundred instruments with the awkward names of real ones, and typing errors to make with them."""

from __future__ import annotations

from datetime import date

from app.domain.instruments import Exchange, Instrument
from tests.support.instruments import future, option, share

EXPIRIES = (date(2026, 12, 1), date(2026, 12, 29), date(2027, 1, 28))
_COMPANIES = {
    "RELIANCE": "RELIANCE INDUSTRIES LIMITED",
    "M&M": "MAHINDRA & MAHINDRA LIMITED",
    "M&MFIN": "MAHINDRA & MAHINDRA FINANCIAL SERVICES LIMITED",
    "BAJAJ-AUTO": "BAJAJ AUTO LIMITED",
    "BAJFINANCE": "BAJAJ FINANCE LIMITED",
    "HDFCBANK": "HDFC BANK LIMITED",
    "HDFCLIFE": "HDFC LIFE INSURANCE COMPANY LIMITED",
    "ICICIBANK": "ICICI BANK LIMITED",
    "INFY": "INFOSYS LIMITED",
    "TCS": "TATA CONSULTANCY SERVICES LIMITED",
    "TATASTEEL": "TATA STEEL LIMITED",
    "ITC": "ITC LIMITED",
    "ITCHOTELS": "ITC HOTELS LIMITED",
    "SBIN": "STATE BANK OF INDIA",
    "SBILIFE": "SBI LIFE INSURANCE COMPANY LIMITED",
    "360ONE": "360 ONE WAM LIMITED",
    "LT": "LARSEN & TOUBRO LIMITED",
    "BSE": "BSE LIMITED",
    "ARE&M": "AMARA RAJA ENERGY & MOBILITY LIMITED",
    "GOCOLORS": "GO FASHION (INDIA) LIMITED",
    "NIFTYBEES": "NIPPON INDIA ETF NIFTY 50 BEES",
    "ETERNAL": "ETERNAL LIMITED",
    "WIPRO": "WIPRO LIMITED",
    "MARUTI": "MARUTI SUZUKI INDIA LIMITED",
    "COALINDIA": "COAL INDIA LIMITED",
    "ZEEL": "ZEE ENTERTAINMENT ENTERPRISES LIMITED",
}
_INDICES = {"NIFTY": (24_000, 50), "BANKNIFTY": (56_000, 100), "FINNIFTY": (26_000, 50)}
_STRIKES_EACH_SIDE = 4


def universe() -> list[Instrument]:
    rows: list[Instrument] = []
    for n, (symbol, company) in enumerate(_COMPANIES.items()):
        rows.append(share(symbol, 100 + n, company=company, isin=f"INE{n:03d}A01018"))
        rows.append(share(symbol, 500_000 + n, exchange=Exchange.BSE, series="A", full_name=company))
    rows.append(share("RELIANCE", 99, series="BL", company="RELIANCE INDUSTRIES LIMITED"))
    token = 40_000
    for symbol in (*_INDICES, "RELIANCE", "M&M", "BAJAJ-AUTO", "HDFCBANK", "360ONE"):
        middle, step = _INDICES.get(symbol, (1_400, 20))
        for expiry in EXPIRIES:
            token += 1
            rows.append(future(symbol, token, expiry=expiry))
            for n in range(-_STRIKES_EACH_SIDE, _STRIKES_EACH_SIDE + 1):
                for right in ("CE", "PE"):
                    token += 1
                    rows.append(option(symbol, token, str(middle + n * step), right, expiry=expiry))
    token += 1
    rows.append(future("SENSEX", token, expiry=date(2026, 12, 31), exchange=Exchange.BSEFO, lot=20))
    return rows


def misspellings(word: str, letters: str = "QX") -> set[str]:
    """Return `word` with one letter swapped with its neighbour, missing, too many, or wrong."""
    found = set()
    for n in range(len(word)):
        found.add(word[:n] + word[n + 1 :])
        found |= {word[:n] + letter + word[n:] for letter in letters}
        found |= {word[:n] + letter + word[n + 1 :] for letter in letters}
        if n + 1 < len(word):
            found.add(word[:n] + word[n + 1] + word[n] + word[n + 2 :])
    return found - {word}
