using System.Text.RegularExpressions;

namespace Fleet.Host.Hosts;

/// <summary>All lines of sudoers(5) with those of the files that it includes, each file once.</summary>
internal sealed partial class SudoersFiles(RootPlaces places)
{
    private readonly HashSet<string> seen = [];

    public List<ConfigLine> Lines { get; } = [];

    /// <summary>What is there and could not be read, or is included and not there.</summary>
    public List<string> Closed { get; } = [];

    public static SudoersFiles Read(RootPlaces places)
    {
        var files = new SudoersFiles(places);
        if (File.Exists(places.Sudoers))
        {
            files.Add(places.Sudoers);
        }

        return files;
    }

    private void Add(string file)
    {
        if (!seen.Add(file))
        {
            return;
        }

        try
        {
            ConfigLine.Of(file).ForEach(Add);
        }
        catch (IOException)
        {
            Closed.Add(file);
        }
    }

    private void Add(ConfigLine line)
    {
        if (Include().Match(line.Text) is not { Success: true } include)
        {
            Lines.Add(line);
            return;
        }

        var name = include.Groups["path"].Value.Trim('"').Replace("\\", "", StringComparison.Ordinal)
            .Replace("%h", Environment.MachineName.Split('.')[0], StringComparison.Ordinal);
        var path = name.StartsWith('/') ? places.Prefix + name : Path.Combine(Path.GetDirectoryName(line.File)!, name);
        if (include.Groups["folder"].Success)
        {
            AddFolder(path);
        }
        else
        {
            Add(path);
        }
    }

    // As sudo reads it: in order, without backups and what a package manager left.
    private void AddFolder(string folder)
    {
        try
        {
            Directory.GetFiles(folder).Where(file => !file.EndsWith('~') && !Path.GetFileName(file).Contains('.', StringComparison.Ordinal))
                .Order(StringComparer.Ordinal).ToList().ForEach(Add);
        }
        catch (DirectoryNotFoundException)
        {
            // sudo reads on without it too.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Closed.Add(folder);
        }
    }

    [GeneratedRegex("""^[@#]include(?<folder>dir)?\s+(?<path>"[^"]+"|(\\.|\S)+)$""")]
    private static partial Regex Include();
}
