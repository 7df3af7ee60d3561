using System.Collections.Immutable;
using System.Diagnostics;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Fleet.Client.Jobs;

/// <summary>
/// The one document of a YAML text as a tree. Built from the parser's events, in bounds: nothing that a file says makes an object of our
/// program, and an alias costs what it stands for.
/// </summary>
internal sealed class YamlTree
{
    public const int MaxNodes = 100_000;
    public const int MaxDepth = 32;
    public const int MaxCharacters = 4 * 1024 * 1024;

    private readonly string file;
    private readonly Parser parser;
    private readonly MistakeList mistakes;
    private readonly Dictionary<string, YamlNode?> anchors = new(StringComparer.Ordinal);
    private int nodes;
    private long characters;

    private YamlTree(string file, string text, MistakeList mistakes) =>
        (this.file, parser, this.mistakes) = (file, new Parser(new StringReader(text)), mistakes);

    /// <summary>Null after a mistake that leaves no tree; other mistakes are collected beside it.</summary>
    public static YamlNode? Read(string file, string text, MistakeList mistakes)
    {
        try
        {
            return new YamlTree(file, text, mistakes).Document();
        }
        catch (Refused refused)
        {
            mistakes.Add(refused.Mark, refused.Path, refused.Message);
        }
        catch (YamlException e)
        {
            mistakes.Add(new YamlMark(file, (int)e.Start.Line, (int)e.Start.Column), "", $"this is not YAML: {Lower(e.Message)}");
        }

        return null;
    }

    private YamlNode? Document()
    {
        Next<StreamStart>();
        Advance();
        if (parser.Current is StreamEnd)
        {
            return Empty();
        }

        Next<DocumentStart>();
        var root = Node("", 1);
        if (root is YamlNode.Scalar { IsNull: true })
        {
            return Empty();
        }

        Next<DocumentEnd>();
        Advance();
        if (parser.Current is DocumentStart second)
        {
            mistakes.Add(Mark(second), "", "a job file is one document; got a second one: make it a file of its own");
        }

        return root;
    }

    private YamlNode? Empty()
    {
        mistakes.Add(YamlMark.Start(file), "", "the file is empty; a job file names processes");
        return null;
    }

    private YamlNode Node(string path, int depth) => parser.Current switch
    {
        AnchorAlias alias => Alias(alias, path, depth),
        NodeEvent written => Written(written, path, depth),
        var other => throw new Refused(other is null ? YamlMark.Start(file) : Mark(other), path, "this is not YAML: a value was expected here"),
    };

    private YamlNode Written(NodeEvent e, string path, int depth)
    {
        Spend(Mark(e), path, 1, e is Scalar s ? s.Value.Length : 0, depth);
        CheckTag(e, path);
        var name = e.Anchor.IsEmpty ? null : e.Anchor.Value;
        if (name is not null)
        {
            anchors[name] = null;
        }

        YamlNode node = e switch
        {
            Scalar scalar => Text(scalar, path),
            SequenceStart list => List(list, path, depth),
            MappingStart map => Map(map, path, depth),
            _ => throw new UnreachableException($"no node from {e.GetType()}"),
        };
        Advance();
        if (name is not null)
        {
            anchors[name] = node;
        }

        return node;
    }

    private YamlNode Alias(AnchorAlias alias, string path, int depth)
    {
        var name = alias.Value.Value;
        if (!anchors.TryGetValue(name, out var node))
        {
            throw new Refused(Mark(alias), path, $"no anchor &{name} stands before this alias");
        }

        if (node is null)
        {
            throw new Refused(Mark(alias), path, $"the anchor &{name} contains itself");
        }

        Spend(Mark(alias), path, node.Nodes, node.Characters, depth + node.Height - 1);
        Advance();
        return node;
    }

    private YamlNode.Scalar Text(Scalar scalar, string path)
    {
        var text = scalar.Value;
        if (text.Contains('\0'))
        {
            mistakes.Add(Mark(scalar), path, "a value has no NUL; remove the escape");
            text = "";
        }

        var forcedText = !scalar.Tag.IsEmpty && scalar.Tag.Value is "!" or "tag:yaml.org,2002:str";
        return new YamlNode.Scalar(Mark(scalar), text, scalar.Style == ScalarStyle.Plain && !forcedText);
    }

    private YamlNode.List List(SequenceStart start, string path, int depth)
    {
        var items = ImmutableArray.CreateBuilder<YamlNode>();
        Advance();
        while (parser.Current is not SequenceEnd)
        {
            items.Add(Node($"{path}[{items.Count}]", depth + 1));
        }

        return new YamlNode.List(Mark(start), items.ToImmutable());
    }

    private YamlNode.Map Map(MappingStart start, string path, int depth)
    {
        var map = new YamlMapBuilder(Mark(start), path, mistakes);
        Advance();
        while (parser.Current is not MappingEnd)
        {
            var key = Node(path, depth + 1);
            var value = Node(key is YamlNode.Scalar { Text: var text } ? YamlMapBuilder.Join(path, text) : path, depth + 1);
            map.Add(key, value);
        }

        return map.Build();
    }

    // The core schema's tags only say what is so anyway; any other asks for a type of some program.
    private void CheckTag(NodeEvent e, string path)
    {
        var tag = e.Tag.IsEmpty ? "" : e.Tag.Value;
        const string Core = "tag:yaml.org,2002:";
        var known = tag is "" or "!"
            || (tag.StartsWith(Core, StringComparison.Ordinal) && tag[Core.Length..] is "str" or "int" or "float" or "bool" or "null" or "map" or "seq");
        if (!known)
        {
            mistakes.Add(Mark(e), path, $"a job file has no tags beside YAML's own for text, numbers, maps and lists; got '{tag}': remove it");
        }
    }

    private void Spend(YamlMark mark, string path, int more, long text, int depth)
    {
        nodes += more;
        characters += text;
        if (depth > MaxDepth)
        {
            throw new Refused(mark, path, $"a job file is at most {MaxDepth} levels deep");
        }

        if (nodes > MaxNodes || characters > MaxCharacters)
        {
            throw new Refused(mark, path, $"a job file has at most {MaxNodes} values and {MaxCharacters} characters, with each alias counted as what it stands for");
        }
    }

    // YamlDotNet throws other exceptions than its own for some malformed scalars (InvalidOperationException in ScanPlainScalar, 18.1).
    private bool Advance()
    {
        var last = parser.Current?.End ?? default;
        try
        {
            return parser.MoveNext();
        }
        catch (Exception e) when (e is not (YamlException or OutOfMemoryException))
        {
            throw new Refused(new YamlMark(file, Math.Max(1, (int)last.Line), Math.Max(1, (int)last.Column)), "", "this is not YAML: the text after here cannot be read");
        }
    }

    private void Next<T>()
        where T : ParsingEvent
    {
        if (parser.Current is not T && (!Advance() || parser.Current is not T))
        {
            throw new Refused(YamlMark.Start(file), "", "this is not a YAML document");
        }

        if (parser.Current is DocumentStart)
        {
            Advance();
        }
    }

    private YamlMark Mark(ParsingEvent e) => new(file, (int)e.Start.Line, (int)e.Start.Column);

    private static string Lower(string message) => message.Length > 0 ? char.ToLowerInvariant(message[0]) + message[1..] : message;

    private sealed class Refused(YamlMark mark, string path, string message) : Exception(message)
    {
        public YamlMark Mark => mark;

        public string Path => path;
    }
}
