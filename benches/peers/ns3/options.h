// Command line of the ns-3 mesh peer.
#pragma once

#include <cstdint>

/// What one run of the mesh scenario is asked to do.
struct Options
{
    uint32_t nodes = 100;       ///< radios on the grid, at least 2, at most 32,767 (16-bit unicast addresses)
    double periodS = 2.0;       ///< each node's sending period [s]
    double simS = 60.0;         ///< simulated time [s]
    uint32_t seed = 1;          ///< run number of ns-3's generator, and of the phases
    double spacingM = 30.0;     ///< grid spacing [m]
    double maxLossDb = 106.58;  ///< path loss beyond which a receiver is culled [dB]; 0 dBm - sensitivity
    uint32_t psduBytes = 100;   ///< whole PSDU: MAC header, payload and FCS [B]
};

/// Reads `--name value` and `--name=value`; exits with code 2 and a message on anything else.
Options parseOptions(int argc, char** argv);
