#include <claviger/base/descriptor.hpp>

#include <unistd.h>

namespace claviger {

void Descriptor::reset() noexcept {
    if (fd_ >= 0) {
        ::close(fd_);
        fd_ = -1;
    }
}

}  // namespace claviger
