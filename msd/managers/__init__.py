"""The managers behind the SourceCoordinator; siblings that don't know one another."""
