"""Controls that any screen uses: buttons, menus, lists, charts, text fields."""
