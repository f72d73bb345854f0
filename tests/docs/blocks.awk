# Splits a Markdown file into its code blocks: the block that opens with the fence ```INFO at line N is
# written to DIR/NAME_line_N.code, and "NAME N INFO" to DIR/list, where NAME is the file's without .md.
# The words after the language in INFO say how a block is tested; see run.sh.
FNR == 1 {
  name = FILENAME
  gsub(/.*\/|\.md$/, "", name)
}
/^```/ && !open {
  open = FNR
  info = substr($0, 4)
  print name, open, info > (dir "/list")
  printf "" > (dir "/" name "_line_" open ".code")
  next
}
/^```/ && open {
  close(dir "/" name "_line_" open ".code")
  open = 0
  next
}
open { print > (dir "/" name "_line_" open ".code") }
