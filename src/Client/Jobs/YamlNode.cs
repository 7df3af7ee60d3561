using System.Collections.Immutable;

namespace Fleet.Client.Jobs;

/// <summary>Where something was written; lines and columns from 1.</summary>
internal readonly record struct YamlMark(string File, int Line, int Column)
{
    public static YamlMark Start(string file) => new(file, 1, 1);
}

/// <summary>YAML as written, aliases and merges expanded: scalars stay text, because what <c>yes</c> means depends on the key it stands at.</summary>
internal abstract record YamlNode(YamlMark Mark)
{
    /// <summary>Nodes in this tree, each alias counted as what it stands for; what an alias bomb multiplies.</summary>
    public abstract int Nodes { get; }

    /// <summary>Characters of all its scalars, counted likewise.</summary>
    public abstract long Characters { get; }

    public abstract int Height { get; }

    /// <summary>For people: what stands there.</summary>
    public abstract string Kind { get; }

    /// <param name="Plain">Written without quotes, so that it may mean something else than its text.</param>
    public sealed record Scalar(YamlMark Mark, string Text, bool Plain) : YamlNode(Mark)
    {
        public override int Nodes => 1;

        public override long Characters => Text.Length;

        public override int Height => 1;

        public override string Kind => IsNull ? "nothing (null)" : Plain ? $"'{Text}'" : $"the text '{Text}'";

        /// <summary>The YAML 1.2 core schema's null.</summary>
        public bool IsNull => Plain && (Text is "" or "~" or "null" or "Null" or "NULL");
    }

    public sealed record List(YamlMark Mark, ImmutableArray<YamlNode> Items) : YamlNode(Mark)
    {
        public override int Nodes { get; } = 1 + Items.Sum(i => i.Nodes);

        public override long Characters { get; } = Items.Sum(i => i.Characters);

        public override int Height { get; } = 1 + Items.Select(i => i.Height).DefaultIfEmpty().Max();

        public override string Kind => "a list";
    }

    public sealed record Map(YamlMark Mark, ImmutableArray<YamlEntry> Entries) : YamlNode(Mark)
    {
        public override int Nodes { get; } = 1 + Entries.Sum(e => 1 + e.Value.Nodes);

        public override long Characters { get; } = Entries.Sum(e => e.Key.Characters + e.Value.Characters);

        public override int Height { get; } = 1 + Entries.Select(e => e.Value.Height).DefaultIfEmpty().Max();

        public override string Kind => "a map";
    }
}

internal sealed record YamlEntry(YamlNode.Scalar Key, YamlNode Value);
