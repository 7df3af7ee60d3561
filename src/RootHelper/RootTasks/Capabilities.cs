using System.Globalization;
using Fleet.Privileges;
using Fleet.RootTasks;

namespace Fleet.RootHelper.RootTasks;

/// <summary>What this machine can give at all: a container, or a service unit, may have less than Linux knows of (capabilities(7), the bounding set).</summary>
internal static class Capabilities
{
    /// <exception cref="Denied">Some that are granted cannot be given; the message names them.</exception>
    public static void Check(PrivilegeSet granted)
    {
        var bounding = Bounding();
        var missing = granted.Members.OfType<Privilege.Capability>().Where(c => (bounding >> CapabilityNames.All.IndexOf(c.Name) & 1) == 0).Select(c => $"CAP_{c.Name}").ToList();
        if (missing.Count > 0)
        {
            throw new Denied(RootDenial.CannotRun, $"this machine cannot give {string.Join(" and ", missing)}: its own root has not got it");
        }
    }

    private static ulong Bounding() => ulong.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith("CapBnd:", StringComparison.Ordinal))["CapBnd:".Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
