"""Controls shared by all screens: buttons, menus, lists, text fields."""
