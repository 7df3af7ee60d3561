using Fleet.Client.Linux;

namespace Fleet.Host.Tests;

/// <summary>The test's programs where every user of the machine can run them: their own folder, or, where a parent of it is closed to others, a copy.</summary>
internal static class Staged
{
    private const UnixFileMode Search = UnixFileMode.OtherExecute;

    private static readonly Lazy<string> Where = new(Stage);

    public static string Folder => Where.Value;

    /// <summary>Where they were built.</summary>
    public static string Built { get; } = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);

    private static string Stage()
    {
        if (Parents(Built).All(folder => File.GetUnixFileMode(folder).HasFlag(Search)))
        {
            return Built;
        }

        var copy = Directory.CreateTempSubdirectory("fleet-tests-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(copy, recursive: true);
        new Command("/bin/sh", "-ec", "cp -R \"$1/.\" \"$2\" && chmod -R a+rX \"$2\"", "sh", Built, copy) { Timeout = TimeSpan.FromMinutes(2) }.Run().Wait();
        return copy;
    }

    private static IEnumerable<string> Parents(string folder)
    {
        for (var at = folder; at is not null; at = Path.GetDirectoryName(at))
        {
            yield return at;
        }
    }
}
