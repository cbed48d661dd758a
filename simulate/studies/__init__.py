"""Parameter studies: from what varies, in a short file, to a labelled data set on disk."""
