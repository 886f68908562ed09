"""What is taken out of a text: one row for each kind, with the word that stands for it."""

from __future__ import annotations

from dataclasses import dataclass

from chatbot.privacy.classes import DataClass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing that does not leave."""

    label: str
    """In its placeholder: `[PHONE-1]`."""
    what: str
    """For people."""
    data_class: DataClass = "identifier"
    sure: bool = False
    """Whether its form alone tells it, so that the last look can ask again whether one is left."""


KINDS: dict[str, Kind] = {
    "secret": Kind("SECRET", "passwords, PINs, one-time codes, API keys", "secret"),
    "link": Kind("LINK", "web addresses that carry a token, an account or a number; social handles", "secret"),
    "email": Kind("EMAIL", "e-mail addresses, also spelled out", sure=True),
    "tax_pin": Kind("TAX-PIN", "KRA PINs", sure=True),
    "id": Kind("ID", "national identity cards and numbers, passports", sure=True),
    "insurance": Kind("INSURANCE", "SHA, SHIF and NHIF numbers"),
    "record": Kind("RECORD", "MCH booklet, ANC, clinic, hospital and file numbers"),
    "account": Kind("ACCOUNT", "bank accounts and cards, M-PESA codes"),
    "date": Kind("DATE", "days, made coarser: the week stays", "message"),
    "phone": Kind("PHONE", "phone numbers of Kenya, Uganda, Tanzania and abroad, also spelled out", sure=True),
    "position": Kind("POSITION", "GPS positions and plus codes"),
    "ip": Kind("IP", "internet addresses of devices"),
    "number": Kind("NUMBER", "any other seven digits in a row that no unit follows"),
    "name": Kind("NAME", "names of people, after cues and from a list"),
    "place": Kind("PLACE", "estates, villages, towns, facilities and landmarks, after cues"),
}
"""The order is that of who wins where two overlap."""
