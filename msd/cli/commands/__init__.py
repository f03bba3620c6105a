"""The commands of msdctl, a module for each thing that they are about."""
