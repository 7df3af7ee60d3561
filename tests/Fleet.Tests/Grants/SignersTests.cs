using CsCheck;
using Fleet.Grants;
using Fleet.Tests.Jobs;
using static Fleet.Tests.Grants.GrantSample;

namespace Fleet.Tests.Grants;

public class SignersTests
{
    private static readonly Gen<GrantSignature> Any = Gen.Select(Pick.Of("a", "b", "c", "d"), Pick.Of("1", "2", "3", "4"), By);

    [Fact]
    public void Two_people_with_a_key_each_are_two() => Assert.Equal(2, Signers.Count([By("alice"), By("bob")]));

    [Fact]
    public void One_signer_twice_is_one() => Assert.Equal(1, Signers.Count([By("alice"), By("alice")]));

    [Fact]
    public void One_signer_with_two_keys_is_one() => Assert.Equal(1, Signers.Count([By("alice", "1"), By("alice", "2")]));

    [Fact]
    public void One_key_under_two_names_is_one() => Assert.Equal(1, Signers.Count([By("alice", "1"), By("bob", "1")]));

    [Fact]
    public void Who_is_tied_by_a_third_signature_is_one() => Assert.Equal(1, Signers.Count([By("alice", "1"), By("bob", "2"), By("alice", "2")]));

    [Fact]
    public void A_key_that_is_named_like_a_principal_ties_nobody() => Assert.Equal(2, Signers.Count([new("x", "y", ""), new("y", "x", "")]));

    [Fact]
    public void Others_are_those_whom_nothing_ties_to_somebody() => Assert.Equal(
        ["dave"], Signers.Others([By("alice", "1"), By("bob", "1"), By("bob", "2"), By("carol", "2"), By("dave", "3")], "alice").Select(s => s.Principal));

    [Fact]
    public void Of_somebody_who_has_not_signed_all_are_others() => Assert.Equal(2, Signers.Others([By("bob"), By("carol")], "alice").Length);

    [Fact]
    public void Others_and_the_one_are_all() => Any.Array[0, 8].Sample(signatures =>
    {
        var all = Signers.Count([.. signatures]);
        var others = Signers.Count(Signers.Others([.. signatures], "a"));
        return others == all - (signatures.Any(s => s.Principal == "a") ? 1 : 0);
    });

    [Fact]
    public void Never_more_than_there_are_principals_or_keys_whatever_the_order() => Any.Array[0, 8].Sample(signatures =>
    {
        var count = Signers.Count([.. signatures]);
        return count <= signatures.Select(s => s.Principal).Distinct().Count()
            && count <= signatures.Select(s => s.Key).Distinct().Count()
            && (count > 0 || signatures.Length == 0)
            && count == Signers.Count([.. signatures.Reverse()]);
    });
}
