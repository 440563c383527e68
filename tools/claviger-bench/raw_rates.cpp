#include "tools/claviger-bench/raw_rates.hpp"

#include <unistd.h>

#include <stdexcept>

#include "tools/claviger-bench/raw_token.hpp"

namespace claviger::bench {
namespace {

constexpr int kBatch = 32;  // operations between two looks at the clock

RawRate rate(RawToken& token, RawToken::Operation operation, Seconds duration) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point start = Clock::now();
    const Seconds cpu = own_cpu();
    double done = 0;
    for (;;) {
        token.run(operation, kBatch);
        done += kBatch;
        const Seconds passed = Clock::now() - start;
        if (passed >= duration) {
            return {done / passed.count(), (own_cpu() - cpu).count() * 1e6 / done};
        }
    }
}

struct Worker {
    Child child;
    int orders;
    int answers;
};

// One operation after the other, each at an order; the first answer says that the token is there.
void serve(const std::filesystem::path& module, const std::filesystem::path& directory,
           const std::vector<RawToken::Operation>& operations, Seconds duration, int orders, int answers) {
    RawToken token(module, directory);
    const auto answer = [answers](const RawRate& value) {
        if (::write(answers, &value, sizeof value) != sizeof value) {
            ::_exit(1);
        }
    };
    answer({});
    for (const RawToken::Operation operation : operations) {
        char go = 0;
        if (::read(orders, &go, 1) != 1) {
            return;
        }
        answer(rate(token, operation, duration));
    }
}

// The sum of their rates and the mean of their costs.
RawRate ask_all(const std::vector<Worker>& workers) {
    RawRate all;
    for (const Worker& worker : workers) {
        RawRate value;
        if (::read(worker.answers, &value, sizeof value) != sizeof value) {
            throw std::runtime_error("raw token: a worker ended early");
        }
        all.per_second += value.per_second;
        all.cpu_microseconds += value.cpu_microseconds / static_cast<double>(workers.size());
    }
    return all;
}

}  // namespace

std::map<std::string, RawRate> measure_raw(const std::filesystem::path& module, unsigned processes,
                                           const std::vector<std::string>& operations, Seconds duration) {
    std::vector<std::string> names;
    std::vector<RawToken::Operation> measured;
    for (const std::string& name : operations) {
        if (const RawToken::Operation operation = RawToken::operation(name)) {
            names.push_back(name);
            measured.push_back(operation);
        }
    }
    const TempDirectory scratch;
    std::vector<Worker> workers;
    for (unsigned i = 0; i < processes; ++i) {
        int orders[2];
        int answers[2];
        if (::pipe(orders) != 0 || ::pipe(answers) != 0) {
            throw std::runtime_error("raw token: no pipe");
        }
        const std::filesystem::path directory = scratch.path() / std::to_string(i);
        workers.push_back({Child::run([&] {
                               ::close(orders[1]);
                               ::close(answers[0]);
                               serve(module, directory, measured, duration, orders[0], answers[1]);
                           }),
                           orders[1], answers[0]});
        ::close(orders[0]);
        ::close(answers[1]);
    }
    ask_all(workers);
    std::map<std::string, RawRate> rates;
    for (const std::string& name : names) {
        for (const Worker& worker : workers) {
            if (::write(worker.orders, "g", 1) != 1) {
                throw std::runtime_error("raw token: a worker ended early");
            }
        }
        rates[name] = ask_all(workers);
    }
    for (Worker& worker : workers) {
        ::close(worker.orders);
        worker.child.stop(std::chrono::seconds(5));
        ::close(worker.answers);
    }
    return rates;
}

}  // namespace claviger::bench
