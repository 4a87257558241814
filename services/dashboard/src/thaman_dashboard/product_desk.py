"""What is behind the pages of products."""

from dataclasses import dataclass

from thaman_dashboard.product_commands import ProductCommands
from thaman_dashboard.product_ports import ProductOwners, ProductRows
from thaman_dashboard.product_sheets import ProductSheets


@dataclass(frozen=True, slots=True)
class ProductDesk:
    """The parts behind the pages of products."""

    rows: ProductRows
    owners: ProductOwners
    commands: ProductCommands
    sheets: ProductSheets
