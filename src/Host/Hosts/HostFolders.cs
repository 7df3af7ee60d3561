using System.Collections.Immutable;
using Fleet.Client.Cli;

namespace Fleet.Host.Hosts;

/// <summary>A folder of the agent's user.</summary>
/// <param name="Anchor">The topmost folder of the tree that it belongs to: what is above is the system's, what is below the agent's to fill.</param>
/// <param name="Relative">Below the anchor; empty for the anchor itself.</param>
/// <param name="Mode">Exactly.</param>
internal sealed record HostFolder(string Anchor, string Relative, uint Mode)
{
    public string Path => Relative.Length == 0 ? Anchor : $"{Anchor}/{Relative}";
}

/// <summary>The agent's folders. Those that sandboxes reach are searchable by everyone, as their sub-ids are nobody else.</summary>
internal static class HostFolders
{
    private const uint Open = 0x1ED; // 0755
    private const uint Private = 0x1C0; // 0700
    private static readonly string[] InBosh = ["jobs", "data", "data/packages", "store", "packages", "sys", "sys/log", "sys/run", "sys/run/bpm"];

    /// <summary>Where clients look for the agent's socket when nothing else is said.</summary>
    public const string Run = "/run/fleet";

    public static ImmutableArray<HostFolder> Of(HostInitOptions options) =>
    [
        new(options.State, "", Open),
        new(options.State, "ledger", Private),
        new(options.State, "contents", Private),
        new(options.State, "log", Open),
        .. Bosh(options),
        .. options.State == HostCommand.Init.DefaultState ? [new HostFolder(Run, "", Open)] : Array.Empty<HostFolder>(),
    ];

    // Below the state folder, that is the anchor: the agent could have planted a link on the way.
    private static IEnumerable<HostFolder> Bosh(HostInitOptions options)
    {
        var inside = options.Bosh.StartsWith(options.State + "/", StringComparison.Ordinal);
        var (anchor, prefix) = inside ? (options.State, options.Bosh[(options.State.Length + 1)..]) : (options.Bosh, "");
        return InBosh.Prepend("").Select(name => new HostFolder(anchor, string.Join('/', new[] { prefix, name }.Where(part => part.Length > 0)), Open));
    }

    /// <summary>Names that may already be in an anchor which root made beforehand.</summary>
    public static bool IsKnown(string name) => name is "ledger" or "contents" or "log" or "vcap" or "agent.conf" || InBosh.Contains(name);
}
