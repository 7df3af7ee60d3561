using System.Collections.Immutable;
using Fleet.Client.Linux;

namespace Fleet.Host.Hosts;

/// <summary>What a host must have, in the order in which it is established.</summary>
internal static class Requirements
{
    public static ImmutableArray<Requirement> Of(HostInitOptions options) =>
    [
        new UserRequirement(options),
        new SubIdRequirement(options, SubIdKind.User),
        new SubIdRequirement(options, SubIdKind.Group),
        .. HostFolders.Of(options)
            .GroupBy(folder => folder.Anchor, folder => new FolderRequirement(options, folder))
            .Select(tree => new FolderTreeRequirement(options, tree.Key, [.. tree])),
        new SearchableRequirement(options.State),
        .. options.Bosh.StartsWith(options.State + "/", StringComparison.Ordinal) ? [] : new[] { new SearchableRequirement(options.Bosh) },
        .. CgroupLayout.Read().Requirements(options),
    ];

    /// <summary>What is needed for something to run as root here, by grants. Jobs do without: for them and their agent it is not asked for.</summary>
    public static ImmutableArray<Requirement> OfRoot(HostInitOptions options) =>
    [
        new RootFolderRequirement(options),
        new RootFilterRequirement(options),
        .. options.HasSystemd ? new[] { new RootUnitRequirement(options) } : [],
    ];

    /// <summary>Runs a program of the system as one step.</summary>
    public static async Task Must(string remedy, string program, params string[] args)
    {
        try
        {
            var result = await new Command(program, args).Run();
            if (!result.Succeeded)
            {
                throw new HostInitException($"{program} {string.Join(' ', args)} failed: {result.Error.Trim()}", remedy);
            }
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new HostInitException($"{program} could not be run: {e.Message}", "apt-get install passwd uidmap");
        }
    }
}
