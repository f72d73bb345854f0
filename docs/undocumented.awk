# Reads Doxygen's XML and names what Doxygen 1.9.4 lets pass without a description: namespaces (in
# which it then checks nothing), classes without members, values of enumerations. A brief description is
# needed: a page that is linked to a class counts as some other one.

function text() {
  gsub(/<[^>]*>|^ +/, "")
  return $0
}
function check(what) {
  if (!described) print what " is not documented"
}

/<compounddef / { described = 0 }
/<compoundname>/ { compound = text() }
/<memberdef / { member = 1 }
/<\/memberdef>/ { member = 0 }
member && /<qualifiedname>/ { enumeration = text() }
/<enumvalue / { value = 1; kept = described; described = 0 }
value && /<name>/ { name = text() }
/<briefdescription>/ { brief = 1 }
/<\/briefdescription>/ { brief = 0 }
/<para>/ && brief && (value || !member) { described = 1 }
/<\/enumvalue>/ { check(enumeration "::" name); value = 0; described = kept }
/<\/compounddef>/ { check(compound) }
