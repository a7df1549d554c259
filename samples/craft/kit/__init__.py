"""What the crafting scripts are written with: a tape that frames are put on, a company with its network, and phones that sign in."""

from kit import documents, pki, records, views
from kit.company import Company
from kit.tape import Tape
from kit.web import Answer

__all__ = ["Answer", "Company", "Tape", "documents", "pki", "records", "views"]
