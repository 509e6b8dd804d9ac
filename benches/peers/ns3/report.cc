// Counters of one run and the JSON object printed from them.
#include "report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <unistd.h>

namespace
{

double
share(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// Nearest-rank percentile of a sorted list.
double
percentile(const std::vector<float>& sorted, double p)
{
    if (sorted.empty())
    {
        return 0.0;
    }
    const auto rank = static_cast<size_t>(std::ceil(p * static_cast<double>(sorted.size())));
    return sorted[std::min(sorted.size() - 1, rank == 0 ? 0 : rank - 1)];
}

} // namespace

int64_t
residentBytes()
{
    std::ifstream statm("/proc/self/statm");
    int64_t total = 0;
    int64_t resident = 0;
    statm >> total >> resident;
    return resident * sysconf(_SC_PAGESIZE);
}

void
printReport(const Options& o, Counters& c, const Cost& cost)
{
    std::sort(c.delaysMs.begin(), c.delaysMs.end());
    double sum = 0;
    for (float d : c.delaysMs)
    {
        sum += d;
    }
    const double mean = c.delaysMs.empty() ? 0.0 : sum / static_cast<double>(c.delaysMs.size());
    // Our own list of delays is not the simulator's memory.
    const int64_t used = cost.rssAfterBytes - cost.rssBeforeBytes -
                         static_cast<int64_t>(c.delaysMs.capacity() * sizeof(float));

    std::printf("{\"program\":\"ns3-mesh\",\"nodes\":%u,\"period_s\":%g,\"sim_s\":%g,\"seed\":%u,", o.nodes, o.periodS, o.simS, o.seed);
    std::printf("\"spacing_m\":%g,\"max_loss_db\":%g,\"psdu_bytes\":%u,", o.spacingM, o.maxLossDb, o.psduBytes);
    std::printf("\"setup_s\":%.3f,\"wall_s\":%.3f,\"events\":%llu,", cost.setupS, cost.wallS, static_cast<unsigned long long>(cost.events));
    std::printf("\"requested\":%llu,\"frames\":%llu,", static_cast<unsigned long long>(c.requested), static_cast<unsigned long long>(c.completed));
    std::printf("\"frames_per_s\":%.1f,", static_cast<double>(c.completed) / cost.wallS);
    std::printf("\"transmissions\":%llu,\"acks\":%llu,", static_cast<unsigned long long>(c.dataTransmissions), static_cast<unsigned long long>(c.ackTransmissions));
    std::printf("\"transmissions_per_s\":%.1f,", static_cast<double>(c.dataTransmissions + c.ackTransmissions) / cost.wallS);
    std::printf("\"tries_per_frame\":%.4f,", share(c.dataTransmissions, c.completed));
    std::printf("\"delivered_share\":%.6f,\"acked_share\":%.6f,", share(c.delivered, c.completed), share(c.acked, c.completed));
    std::printf("\"mean_delay_ms\":%.4f,\"p50_delay_ms\":%.4f,\"p95_delay_ms\":%.4f,\"p99_delay_ms\":%.4f,",
                mean, percentile(c.delaysMs, 0.50), percentile(c.delaysMs, 0.95), percentile(c.delaysMs, 0.99));
    std::printf("\"bytes_per_node\":%.0f,", static_cast<double>(used) / o.nodes);
    std::printf("\"duplicates\":%llu,", static_cast<unsigned long long>(c.duplicates));
    std::printf("\"outcomes\":{\"acked\":%llu,\"no_ack\":%llu,\"no_ack_but_delivered\":%llu,",
                static_cast<unsigned long long>(c.acked), static_cast<unsigned long long>(c.noAck), static_cast<unsigned long long>(c.noAckDelivered));
    std::printf("\"channel_access_failure\":%llu,\"channel_access_failure_but_delivered\":%llu,",
                static_cast<unsigned long long>(c.accessFailure), static_cast<unsigned long long>(c.accessFailureDelivered));
    std::printf("\"acked_but_not_delivered\":%llu,\"other\":%llu,\"pending\":%llu}}\n",
                static_cast<unsigned long long>(c.falseAck), static_cast<unsigned long long>(c.otherFailure),
                static_cast<unsigned long long>(c.requested - c.completed));
}
