"""Controls shared by all screens: buttons, menus, lists, charts, text fields."""
