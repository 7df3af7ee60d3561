namespace Fleet.Host.Hosts;

/// <summary>All folders of one tree as one requirement: people want to know what is wrong with it, not to read a line for each that is right.</summary>
internal sealed class FolderTreeRequirement(HostInitOptions options, string anchor, IReadOnlyList<FolderRequirement> folders)
    : Requirement($"folders in {anchor}")
{
    public override Finding Check() => Missing() switch
    {
        [] => new Finding.Ok($"{folders.Count}, of {options.User}"),
        [var only] => only,
        [var first, .. var more] => first with { Detail = $"{first.Detail}, and {more.Length} more are not right" },
    };

    // In order: the anchor first, and nothing in an anchor that was refused.
    public override async Task<string> Establish()
    {
        var wrong = folders.Where(folder => folder.Check() is Finding.Missing).ToList();
        foreach (var folder in wrong)
        {
            await folder.Establish();
        }

        return $"gave {options.User} {wrong.Count} of {folders.Count}, beginning with {wrong[0].Path}";
    }

    private Finding.Missing[] Missing() => [.. folders.Select(folder => folder.Check()).OfType<Finding.Missing>()];
}
