"""One self-contained page: answers on a grid, and everything that draws them."""
