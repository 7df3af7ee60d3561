using System.Text;

namespace Fleet.Actors;

/// <summary>Text within Akka's configuration.</summary>
public static class Hocon
{
    /// <returns>The text as a quoted string, whatever is in it: a folder's name may have quotes and backslashes.</returns>
    public static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            quoted.Append(c is '"' or '\\' ? $"\\{c}" : char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString());
        }

        return quoted.Append('"').ToString();
    }
}
