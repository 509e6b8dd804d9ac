// Command line of the ns-3 mesh peer.
#include "options.h"

#include <cstdlib>
#include <iostream>
#include <string>

namespace
{

const char* const USAGE =
    "mesh --nodes N --period S --sim S [--seed K] [--spacing M] [--max-loss-db DB] [--psdu BYTES]\n";

[[noreturn]] void
refuse(const std::string& message)
{
    std::cerr << "mesh: " << message << "\nusage: " << USAGE;
    std::exit(2);
}

double
number(const std::string& name, const std::string& text, double low, double high)
{
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0')
    {
        refuse(name + ": '" + text + "' is not a number");
    }
    if (!(value >= low && value <= high))
    {
        refuse(name + ": " + text + " is outside " + std::to_string(low) + " to " +
               std::to_string(high));
    }
    return value;
}

} // namespace

Options
parseOptions(int argc, char** argv)
{
    Options o;
    for (int i = 1; i < argc; ++i)
    {
        std::string name = argv[i];
        if (name == "--help" || name == "-h")
        {
            std::cout << USAGE;
            std::exit(0);
        }
        std::string value;
        const auto equals = name.find('=');
        if (equals != std::string::npos)
        {
            value = name.substr(equals + 1);
            name.resize(equals);
        }
        else if (i + 1 < argc)
        {
            value = argv[++i];
        }
        else
        {
            refuse(name + " needs a value");
        }

        if (name == "--nodes")
            o.nodes = static_cast<uint32_t>(number(name, value, 2, 32767));
        else if (name == "--period")
            o.periodS = number(name, value, 1e-3, 1e6);
        else if (name == "--sim")
            o.simS = number(name, value, 1e-3, 1e7);
        else if (name == "--seed")
            o.seed = static_cast<uint32_t>(number(name, value, 0, 4294967295.0));
        else if (name == "--spacing")
            o.spacingM = number(name, value, 1e-3, 1e6);
        else if (name == "--max-loss-db")
            o.maxLossDb = number(name, value, 0, 1e9);
        else if (name == "--psdu")
            o.psduBytes = static_cast<uint32_t>(number(name, value, 12, 127));
        else
            refuse("unknown option " + name);
    }
    return o;
}
