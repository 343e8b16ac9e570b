package console

// Templates are the pages of the face, for tests about all of them.
var Templates = pages
