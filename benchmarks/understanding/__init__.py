"""What customers say, labelled by hand: the test set of the understanding."""
