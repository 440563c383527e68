// Who may change a cluster's tokens now: one job at a time, in the order they came. One thread only.
#pragma once

#include <deque>
#include <memory>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace claviger::cloudhsm {

class Lease : public std::enable_shared_from_this<Lease> {
public:
    // Gives the lease back when it goes. Keeps it: a job that is suspended when the service ends goes with
    // its io_context, and that outlives the manager.
    class Held {
    public:
        explicit Held(std::shared_ptr<Lease> lease) : lease_(std::move(lease)) {}
        Held(Held&& other) noexcept = default;
        Held& operator=(Held&&) = delete;
        ~Held() {
            if (lease_ != nullptr) {
                lease_->release();
            }
        }

    private:
        std::shared_ptr<Lease> lease_;
    };

    explicit Lease(boost::asio::io_context& io) : io_(io) {}
    bool taken() const noexcept { return taken_; }

    boost::asio::awaitable<Held> take() {
        if (taken_) {
            const auto turn = std::make_shared<boost::asio::steady_timer>(
                io_, boost::asio::steady_timer::time_point::max());
            waiting_.push_back(turn);
            // Cancelled by the one before, who leaves `taken_` set for us.
            co_await turn->async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        }
        taken_ = true;
        co_return Held(shared_from_this());
    }

private:
    void release() {
        if (waiting_.empty()) {
            taken_ = false;
            return;
        }
        waiting_.front()->cancel();
        waiting_.pop_front();
    }

    boost::asio::io_context& io_;
    std::deque<std::shared_ptr<boost::asio::steady_timer>> waiting_;
    bool taken_ = false;
};

}  // namespace claviger::cloudhsm
