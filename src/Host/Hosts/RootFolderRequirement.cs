
namespace Fleet.Host.Hosts;

/// <summary>
/// The folders by which and in which the root helper works. Those of the policy stay as open or closed as they are: who may read it, root says; the helper's own
/// have their exact mode.
/// </summary>
internal sealed class RootFolderRequirement(HostInitOptions options) : Requirement("root helper's folders")
{
    private const uint Open = 0x1ED /* 0755 */, Private = 0x1C0 /* 0700 */;

    private (string Path, uint? Mode)[] Folders =>
        [(Path.GetDirectoryName(options.Root.Folder)!, null), (options.Root.Folder, null), (options.Root.State, Private), (options.Root.Run, Open), (options.Root.Work, Private)];

    public override Finding Check() => Folders.Select(folder => Problem(folder.Path, folder.Mode)).FirstOrDefault(problem => problem is not null)
        ?? (Finding)new Finding.Ok($"{Folders.Length}, of root: {options.Root.Folder}, {options.Root.State}, {options.Root.Run}");

    public override Task<string> Establish()
    {
        var wrong = Folders.Where(folder => Problem(folder.Path, folder.Mode) is not null).ToList();
        foreach (var (path, mode) in wrong)
        {
            RootsFolder.Make(path, mode).Dispose();
        }

        return Task.FromResult($"made {string.Join(", ", wrong.Select(folder => folder.Path))} as root's");
    }

    private Finding.Missing? Problem(string path, uint? mode)
    {
        switch (RootsPath.Open(path))
        {
            case RootsPath.Found found:
                found.Handle.Dispose();
                return RootsPath.Mistake(path, found.Stat) is { } mistake ? new(mistake.Detail, mistake.Remedy)
                    : !found.Stat.IsFolder ? new($"{path} is not a folder", $"see what it is, then remove it: {path}")
                    : mode is { } exact && found.Stat.Permissions != exact
                        ? new($"{path} has mode {FolderRequirement.Octal(found.Stat.Permissions)}, not {FolderRequirement.Octal(exact)}", options.Command)
                    : null;
            case RootsPath.Wrong wrong:
                return new(wrong.Detail, wrong.Remedy);
            case RootsPath.Closed closed:
                return new(closed.Detail, $"ask as root; or {options.Command}");
            default:
                return new($"{path} is missing", options.Command);
        }
    }
}
