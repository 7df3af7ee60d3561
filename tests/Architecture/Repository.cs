using System.Runtime.CompilerServices;

namespace Fleet.Architecture;

/// <summary>The checkout that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "../.."));

    public static string At(string relative) => Path.Combine(Root, relative);

    /// <summary>C# files below <paramref name="folder"/> that people wrote, relative to the root, in order.</summary>
    public static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(At(folder), "*.cs", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Root, f))
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

    public static int Lines(string folder) => Directory.Exists(At(folder)) ? Sources(folder).Sum(f => File.ReadLines(At(f)).Count()) : 0;

    private static string ThisFile([CallerFilePath] string file = "") => file;
}
