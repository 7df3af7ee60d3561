using System.Runtime.CompilerServices;
using System.Text;
using Fleet.Client.Jobs;

namespace Fleet.Client.Tests.Jobs;

/// <summary>The job files beside this source, and short ways to read them.</summary>
internal static class Example
{
    public static readonly JobFileOptions Named = new() { Name = "sample" };

    public static IEnumerable<string> Paths(string folder) => Directory.EnumerateFiles(Path.Combine(Here(), "Files", folder)).Order(StringComparer.Ordinal);

    public static string Schema => Path.Combine(Here(), "../../../schema/job.schema.json");

    public static JobFileResult Read(string yaml, JobFileOptions? options = null) =>
        JobFileReader.Read("job.yml", Encoding.UTF8.GetBytes(yaml), options ?? Named);

    /// <summary>All mistakes as a person sees them, one per line.</summary>
    public static string Mistakes(string yaml, JobFileOptions? options = null) => string.Join('\n', Read(yaml, options).Mistakes);

    private static string Here([CallerFilePath] string source = "") => Path.GetDirectoryName(source)!;
}
