namespace Fleet.Host.Logs;

/// <summary>Finds where the last lines of a text begin; it is given the text's pieces from the last to the first.</summary>
internal sealed class BackwardScan(int lines)
{
    private int found;
    private int sinceNewline;
    private bool atEnd = true;

    /// <summary>The index in this piece at which the wanted lines begin; null: they begin before it.</summary>
    public int? Take(ReadOnlySpan<byte> piece)
    {
        for (var at = piece.Length - 1; at >= 0; at--)
        {
            // The newline that ends the last line does not begin another.
            if (piece[at] == '\n' && !atEnd && ++found == lines)
            {
                return at + 1;
            }

            sinceNewline = piece[at] == '\n' ? 0 : sinceNewline + 1;
            atEnd = false;
            if (sinceNewline == LineCutter.MaxLine)
            {
                sinceNewline = 0;
                if (++found == lines)
                {
                    return at;
                }
            }
        }

        return null;
    }
}
