"""The change request on its way: opened, checked, reviewed, approved here or off site."""
