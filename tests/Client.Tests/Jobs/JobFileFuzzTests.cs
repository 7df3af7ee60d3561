using System.Text;
using Fleet.Client.Jobs;

namespace Fleet.Client.Tests.Jobs;

/// <summary>Real files, damaged: whatever comes out of it, the reader answers and does not throw.</summary>
public class JobFileFuzzTests
{
    private static readonly string[] Pieces =
    [
        "[", "]", "{", "}", ": ", "- ", "\n", "  ", "&a ", "*a", "!!str ", "<<: *a", "\"", "'", "|", ">", "#", "~", "null", "-1", "1e999", "0x", "9999999999999999999999",
        "1E", "99999999999999999999G", "é", "\u202e", "\\", "%YAML 1.1\n", "---\n", "...\n", "?", "\t", "\0", "/../", "9e9d", "processes", "0.1",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void A_damaged_file_is_read_or_refused(int seed)
    {
        var random = new Random(seed);
        var files = new[] { "bpm", "fleet" }.SelectMany(Example.Paths).Select(File.ReadAllText).ToArray();
        var (read, refused) = (0, 0);
        for (var i = 0; i < 2000; i++)
        {
            var text = new StringBuilder(files[random.Next(files.Length)]);
            for (var cuts = random.Next(1, 4); cuts > 0; cuts--)
            {
                var at = random.Next(text.Length);
                text.Remove(at, Math.Min(random.Next(4), text.Length - at)).Insert(at, Pieces[random.Next(Pieces.Length)]);
            }

            var result = JobFileReader.Read("job.yml", Encoding.UTF8.GetBytes(text.ToString()), Example.Named);
            Assert.Equal(result.Submission is null, result.Mistakes.Length > 0);
            Assert.All(result.Mistakes, m => Assert.True(m.Line >= 1 && m.Column >= 1 && !m.ToString().Any(char.IsControl), m.ToString()));
            (read, refused) = result.Submission is null ? (read, refused + 1) : (read + 1, refused);
        }

        Assert.True(read > 100 && refused > 100, $"{read} read, {refused} refused: the damage is too small or too large to test anything");
    }
}
