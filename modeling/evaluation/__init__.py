"""`llamoco evaluate`: steps over the files of a folder, and the record, figure and comparison that follow from them."""
