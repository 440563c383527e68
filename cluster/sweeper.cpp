#include "cluster/sweeper.hpp"

namespace claviger::cluster {

void Sweeper::schedule() {
    timer_.expires_after(interval_);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& ec) {
        const std::shared_ptr<Sweeper> self = weak.lock();
        if (!self || ec) {
            return;
        }
        if (self->sweep_(self->clock_.mono()) == Left::waiting) {
            self->schedule();
        } else {
            self->ticking_ = false;
        }
    });
}

}  // namespace claviger::cluster
