// mimalloc's memory in huge pages where the kernel has them: a host with 100,000 keys looks at 800 MB without
// order, and the front at its keys. Linked into programs by claviger_allocator(); MIMALLOC_LARGE_OS_PAGES=0
// undoes it.
#include <mimalloc.h>

namespace {

// Before the first block is asked for by anything of ours.
[[gnu::constructor(101)]] void use_huge_pages() {
    mi_option_set_default(mi_option_large_os_pages, 1);
}

}  // namespace
