#include "cluster/sweeper.hpp"

namespace claviger::cluster {

void Sweeper::schedule() {
    timer_.expires_after(interval_);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& ec) {
        const std::shared_ptr<Sweeper> self = weak.lock();
        if (!self || ec) {
            return;
        }
        self->woken_ = false;
        const Left left = self->sweep_(self->clock_.mono());
        if (left == Left::waiting || self->woken_) {
            self->schedule();
        } else {
            self->ticking_ = false;
        }
    });
}

}  // namespace claviger::cluster
