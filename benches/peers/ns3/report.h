// Counters of one run and the JSON object printed from them.
#pragma once

#include "options.h"

#include <cstdint>
#include <vector>

/// What happened to the data requests of a run. Requests still under way at the end are not judged.
struct Counters
{
    uint64_t requested = 0;            ///< MCPS-DATA.requests issued
    uint64_t completed = 0;            ///< of which MCPS-DATA.confirm came: the frames of the report
    uint64_t delivered = 0;            ///< completed ones that the receiver got at least once
    uint64_t acked = 0;                ///< confirmed with SUCCESS
    uint64_t noAck = 0;                ///< confirmed with NO_ACK
    uint64_t noAckDelivered = 0;       ///< of which the receiver had the frame: only the ACKs were lost
    uint64_t accessFailure = 0;        ///< confirmed with CHANNEL_ACCESS_FAILURE
    uint64_t accessFailureDelivered = 0; ///< of which an earlier try had arrived
    uint64_t falseAck = 0;             ///< SUCCESS, yet never received: another node's ACK had the number
    uint64_t otherFailure = 0;         ///< any other confirm status
    uint64_t duplicates = 0;           ///< further copies indicated at the receiver
    uint64_t dataTransmissions = 0;    ///< data frames on the air, with retries
    uint64_t ackTransmissions = 0;     ///< ACK frames on the air
    std::vector<float> delaysMs;       ///< request to first indication, of delivered frames [ms]
};

/// Memory and wall time of a run.
struct Cost
{
    double setupS = 0;             ///< wall time to build nodes and channel [s]
    double wallS = 0;              ///< wall time of Simulator::Run [s]
    int64_t rssBeforeBytes = 0;    ///< resident set before the first node
    int64_t rssAfterBytes = 0;     ///< resident set after the run
    uint64_t events = 0;           ///< events executed by the simulator
};

/// Resident set of this process [B], or 0 where /proc is missing.
int64_t residentBytes();

/// Prints one JSON object on standard output.
void printReport(const Options& options, Counters& counters, const Cost& cost);
