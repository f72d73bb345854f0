# Splits a Markdown file into its code blocks: the block that opens with the fence ```INFO at line N is
# written to DIR/line_N.code, and "N INFO" to DIR/list. The words after the language in INFO say how a
# block is tested; see run.sh.
/^```/ && !open {
  open = FNR
  info = substr($0, 4)
  print open, info > (dir "/list")
  printf "" > (dir "/line_" open ".code")
  next
}
/^```/ && open {
  close(dir "/line_" open ".code")
  open = 0
  next
}
open { print > (dir "/line_" open ".code") }
