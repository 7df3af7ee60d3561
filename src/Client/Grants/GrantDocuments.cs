using System.Diagnostics;
using System.Text;
using Fleet.Client.Api;
using Fleet.Grants;

namespace Fleet.Client.Grants;

/// <summary>The documents of grants, as the API carries them: their exact text.</summary>
internal static class GrantDocuments
{
    /// <exception cref="RefusedException">It breaks rules of a grant; all of them are said.</exception>
    public static GrantDocument Read(string document) => GrantFormat.Read(Encoding.UTF8.GetBytes(document)) switch
    {
        GrantReading.Read read => read.Document,
        GrantReading.Refused refused => throw new RefusedException(ApiError.Of(new Refusal(RefusalCode.Invalid, "the document breaks rules of a grant", refused.Mistakes))),
        var other => throw new UnreachableException($"no such reading: {other.GetType()}"),
    };
}
