// The mesh bench on ns-3's lr-wpan: a square grid of radios, each sending to its neighbour one step
// nearer the corner. The scenario is written down in ../README.md; change both together.
#include "options.h"
#include "report.h"

#include <ns3/constant-position-mobility-model.h>
#include <ns3/lr-wpan-mac.h>
#include <ns3/lr-wpan-net-device.h>
#include <ns3/lr-wpan-phy.h>
#include <ns3/node-container.h>
#include <ns3/packet.h>
#include <ns3/propagation-delay-model.h>
#include <ns3/propagation-loss-model.h>
#include <ns3/random-variable-stream.h>
#include <ns3/rng-seed-manager.h>
#include <ns3/simulator.h>
#include <ns3/single-model-spectrum-channel.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <deque>
#include <vector>

using namespace ns3;

namespace
{

/// MAC header with 16-bit addresses and a compressed PAN id (9 B) and frame check sequence (2 B).
const uint32_t MAC_OVERHEAD_BYTES = 11;
const uint32_t ACK_PSDU_BYTES = 5;
const uint16_t PAN_ID = 1;

/// Node index to 16-bit address; 0 is left out, as it is ns-3's "not set".
Mac16Address
addressOf(uint32_t node)
{
    const auto id = static_cast<uint16_t>(node + 1);
    const uint8_t bytes[2] = {static_cast<uint8_t>(id >> 8), static_cast<uint8_t>(id & 0xff)};
    Mac16Address address;
    address.CopyFrom(bytes);
    return address;
}

uint32_t
nodeOf(Mac16Address address)
{
    uint8_t bytes[2];
    address.CopyTo(bytes);
    return ((static_cast<uint32_t>(bytes[0]) << 8) | bytes[1]) - 1;
}

/// One data request between MCPS-DATA.request and .confirm.
struct Outstanding
{
    uint64_t uid;
    Time requested;
    bool delivered;
};

/// Sources and sinks on top of the MACs of all nodes.
class Traffic
{
  public:
    Traffic(const Options& options, Counters& counters)
        : m_options(options),
          m_counters(counters),
          m_macs(options.nodes),
          m_parents(options.nodes),
          m_queues(options.nodes)
    {
    }

    void Attach(uint32_t node, uint32_t parent, Ptr<LrWpanNetDevice> device, Time phase)
    {
        m_macs[node] = device->GetMac();
        m_parents[node] = parent;
        m_macs[node]->SetMcpsDataIndicationCallback(MakeCallback(&Traffic::Indication, this));
        m_macs[node]->SetMcpsDataConfirmCallback(
            MakeCallback(&Traffic::Confirm, this).Bind(node));
        device->GetPhy()->TraceConnectWithoutContext("PhyTxBegin",
                                                     MakeCallback(&Traffic::TxBegin, this));
        if (node != 0)
        {
            Simulator::ScheduleWithContext(node, phase, &Traffic::Send, this, node);
        }
    }

  private:
    void Send(uint32_t node)
    {
        Ptr<Packet> packet = Create<Packet>(m_options.psduBytes - MAC_OVERHEAD_BYTES);
        McpsDataRequestParams params;
        params.m_srcAddrMode = SHORT_ADDR;
        params.m_dstAddrMode = SHORT_ADDR;
        params.m_dstPanId = PAN_ID;
        params.m_dstAddr = addressOf(m_parents[node]);
        params.m_txOptions = TX_OPTION_ACK;
        m_queues[node].push_back({packet->GetUid(), Simulator::Now(), false});
        ++m_counters.requested;
        m_macs[node]->McpsDataRequest(params, packet);
        Simulator::Schedule(Seconds(m_options.periodS), &Traffic::Send, this, node);
    }

    /// The MAC serves its queue in order, so a copy on the air is the oldest request of its source.
    void Indication(McpsDataIndicationParams params, Ptr<Packet> packet)
    {
        auto& queue = m_queues[nodeOf(params.m_srcAddr)];
        if (queue.empty() || queue.front().uid != packet->GetUid())
        {
            NS_FATAL_ERROR("a frame arrived that its source has not under way");
        }
        if (queue.front().delivered)
        {
            ++m_counters.duplicates;
            return;
        }
        queue.front().delivered = true;
        const Time delay = Simulator::Now() - queue.front().requested;
        m_counters.delaysMs.push_back(static_cast<float>(delay.GetNanoSeconds() / 1e6));
    }

    void Confirm(uint32_t node, McpsDataConfirmParams params)
    {
        const bool delivered = m_queues[node].front().delivered;
        m_queues[node].pop_front();
        ++m_counters.completed;
        m_counters.delivered += delivered;
        switch (params.m_status)
        {
        case IEEE_802_15_4_SUCCESS:
            ++m_counters.acked;
            m_counters.falseAck += !delivered;
            break;
        case IEEE_802_15_4_NO_ACK:
            ++m_counters.noAck;
            m_counters.noAckDelivered += delivered;
            break;
        case IEEE_802_15_4_CHANNEL_ACCESS_FAILURE:
            ++m_counters.accessFailure;
            m_counters.accessFailureDelivered += delivered;
            break;
        default:
            ++m_counters.otherFailure;
            break;
        }
    }

    void TxBegin(Ptr<const Packet> packet)
    {
        if (packet->GetSize() == m_options.psduBytes)
        {
            ++m_counters.dataTransmissions;
        }
        else if (packet->GetSize() == ACK_PSDU_BYTES)
        {
            ++m_counters.ackTransmissions;
        }
        else
        {
            NS_FATAL_ERROR("a PSDU of " << packet->GetSize() << " bytes is on the air");
        }
    }

    const Options& m_options;
    Counters& m_counters;
    std::vector<Ptr<LrWpanMac>> m_macs;
    std::vector<uint32_t> m_parents;
    std::vector<std::deque<Outstanding>> m_queues;
};

Ptr<SingleModelSpectrumChannel>
makeChannel(double maxLossDb)
{
    auto channel = CreateObject<SingleModelSpectrumChannel>();
    auto loss = CreateObject<LogDistancePropagationLossModel>();
    // ns-3's defaults, written out so that a later version cannot move them.
    loss->SetPathLossExponent(3.0);
    loss->SetReference(1.0, 46.6777);
    channel->AddPropagationLossModel(loss);
    channel->SetPropagationDelayModel(CreateObject<ConstantSpeedPropagationDelayModel>());
    channel->SetAttribute("MaxLossDb", DoubleValue(maxLossDb));
    return channel;
}

double
secondsSince(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

} // namespace

int
main(int argc, char** argv)
{
    const Options options = parseOptions(argc, argv);
    RngSeedManager::SetSeed(1);
    RngSeedManager::SetRun(options.seed);

    Counters counters;
    Cost cost;
    cost.rssBeforeBytes = residentBytes();
    const auto setupStart = std::chrono::steady_clock::now();

    const auto columns = static_cast<uint32_t>(std::ceil(std::sqrt(options.nodes)));
    auto channel = makeChannel(options.maxLossDb);
    auto phase = CreateObject<UniformRandomVariable>();
    NodeContainer nodes;
    nodes.Create(options.nodes);
    Traffic traffic(options, counters);
    for (uint32_t i = 0; i < options.nodes; ++i)
    {
        const uint32_t row = i / columns;
        const uint32_t column = i % columns;
        auto mobility = CreateObject<ConstantPositionMobilityModel>();
        mobility->SetPosition(Vector(column * options.spacingM, row * options.spacingM, 0));
        nodes.Get(i)->AggregateObject(mobility);

        auto device = CreateObject<LrWpanNetDevice>();
        device->SetChannel(channel);
        nodes.Get(i)->AddDevice(device);
        device->GetMac()->SetPanId(PAN_ID);
        device->GetMac()->SetShortAddress(addressOf(i));

        const uint32_t parent = column > 0 ? i - 1 : (row > 0 ? i - columns : i);
        traffic.Attach(i, parent, device, Seconds(phase->GetValue(0.0, options.periodS)));
    }
    Simulator::Stop(Seconds(options.simS));
    cost.setupS = secondsSince(setupStart);

    const auto runStart = std::chrono::steady_clock::now();
    Simulator::Run();
    cost.wallS = secondsSince(runStart);
    cost.events = Simulator::GetEventCount();
    cost.rssAfterBytes = residentBytes();

    printReport(options, counters, cost);
    Simulator::Destroy();
    return 0;
}
