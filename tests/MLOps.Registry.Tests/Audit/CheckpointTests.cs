using System.Security.Cryptography;
using System.Text;
using MLOps.Registry.Audit;

namespace MLOps.Registry.Tests.Audit;

public sealed class CheckpointTests : AuditTest
{
    private readonly EcdsaCheckpointSigner _signer = EcdsaCheckpointSigner.Create("example.com/models");

    public override ValueTask DisposeAsync()
    {
        _signer.Dispose();
        return base.DisposeAsync();
    }

    [Fact]
    public async Task A_checkpoint_has_the_form_of_the_specification()
    {
        await FillAsync(7);
        Checkpoint checkpoint = await Registry.CreateCheckpointAsync(_signer, Cancel);

        AuditHead head = await Store.GetAuditHeadAsync(Cancel);
        string[] lines = checkpoint.Text.Split('\n');
        Assert.Equal(["example.com/models", "7", Convert.ToBase64String(head.Hash.Span), ""], lines[..4]);
        Assert.StartsWith("— example.com/models ", lines[4], StringComparison.Ordinal);
        Assert.Equal("", lines[5]);
        byte[] signature = Convert.FromBase64String(lines[4].Split(' ')[2]);

        // By the specification: the key's id is of the key in DER, and the signature is of the text with its last line feed.
        using ECDsa key = ECDsa.Create();
        key.ImportFromPem(_signer.Verifier.ExportPem());
        Assert.Equal(SHA256.HashData(key.ExportSubjectPublicKeyInfo())[..4], signature[..4]);
        Assert.True(key.VerifyData(Encoding.UTF8.GetBytes(string.Join('\n', lines[..3]) + "\n"), signature[4..], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
    }

    [Fact]
    public void The_example_of_the_specification_is_read()
    {
        // From https://c2sp.org/tlog-checkpoint.
        const string Text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
        Checkpoint checkpoint = Checkpoint.Parse(Text);

        Assert.Equal("example.com/behind-the-sofa", checkpoint.Origin);
        Assert.Equal(20852163, checkpoint.Count);
        CheckpointSignature signature = Assert.Single(checkpoint.Signatures);
        Assert.Equal(0x033de0aeu, signature.KeyId);
        Assert.Equal(64, signature.Value.Length);
        Assert.Equal(Text, checkpoint.ToString());
    }

    [Fact]
    public async Task A_checkpoint_verifies_with_its_key_and_with_no_other()
    {
        Checkpoint checkpoint = Checkpoint.Parse((await Registry.CreateCheckpointAsync(_signer, Cancel)).Text);
        using var other = EcdsaCheckpointSigner.Create("example.com/models");

        Assert.True(CheckpointVerifier.FromPem("example.com/models", _signer.Verifier.ExportPem()).Verify(checkpoint));
        Assert.False(other.Verifier.Verify(checkpoint));
        Assert.False(CheckpointVerifier.FromPem("another-name", _signer.Verifier.ExportPem()).Verify(checkpoint));
    }

    [Fact]
    public async Task No_other_text_verifies()
    {
        await FillAsync(12);
        string text = (await Registry.CreateCheckpointAsync(_signer, Cancel)).Text;
        for (int i = 0; i < text.Length; i++)
        {
            foreach (string changed in (string[])[text[..i], text.Remove(i, 1), text.Insert(i, "1"), text.Insert(i, "\n"), text[..i] + (char)(text[i] ^ 1) + text[(i + 1)..]])
                Assert.False(Checkpoint.TryParse(changed, out Checkpoint? read) && _signer.Verifier.Verify(read), changed);
        }
    }

    [Fact]
    public async Task A_signature_by_a_second_key_changes_nothing_for_the_first_and_a_false_one_by_the_first_spoils_it()
    {
        Checkpoint checkpoint = await Registry.CreateCheckpointAsync(_signer, Cancel);
        using var witness = EcdsaCheckpointSigner.Create("witness.example");
        string cosignature = (await Registry.CreateCheckpointAsync(witness, Cancel)).Text.Split("\n\n")[1];
        Checkpoint cosigned = Checkpoint.Parse(checkpoint.Text + cosignature);
        Assert.True(_signer.Verifier.Verify(cosigned));
        Assert.True(witness.Verifier.Verify(cosigned));

        await FillAsync(1);
        string ofAnother = (await Registry.CreateCheckpointAsync(_signer, Cancel)).Text.Split("\n\n")[1];
        Assert.False(_signer.Verifier.Verify(Checkpoint.Parse(checkpoint.Text + ofAnother)));
    }

    [Fact]
    public async Task Noise_is_refused_or_read_as_what_it_is()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var random = new Random(seed);
        string text = (await Registry.CreateCheckpointAsync(_signer, Cancel)).Text;
        char[] alphabet = ['\n', ' ', '—', '0', '9', 'A', '=', '+', '\r', '\ud800', '\udc00', '\u00a0', 'é'];
        for (int i = 0; i < TestLength.Of(5_000, 500_000); i++)
        {
            var noise = new StringBuilder(text);
            for (int edits = random.Next(1, 6); edits > 0 && noise.Length > 0; edits--)
            {
                int at = random.Next(noise.Length);
                if (random.Next(2) == 0)
                    noise.Remove(at, Math.Min(random.Next(1, 10), noise.Length - at));
                else
                    noise.Insert(at, alphabet[random.Next(alphabet.Length)]);
            }

            if (!Checkpoint.TryParse(noise.ToString(), out Checkpoint? read))
                continue;
            string body = $"{read.Origin}\n{read.Count}\n{Convert.ToBase64String(read.Hash.Span)}\n";
            Assert.StartsWith(body, read.Text, StringComparison.Ordinal);
            Assert.Equal(32, read.Hash.Length);
            Assert.NotEmpty(read.Signatures);
            if (_signer.Verifier.Verify(read))
                Assert.StartsWith(text.Split("\n\n")[0] + "\n\n", read.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_is_no_checkpoint_says_what_one_is() =>
        Assert.Contains("signature line", Assert.Throws<FormatException>(() => Checkpoint.Parse("hello\n")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_key_goes_through_its_file_which_others_cannot_read()
    {
        string path = Path.Combine(Folder, "checkpoint.pem");
        Directory.CreateDirectory(Folder);
        using EcdsaCheckpointSigner made = EcdsaCheckpointSigner.OpenFile("example.com/models", path);
        using EcdsaCheckpointSigner read = EcdsaCheckpointSigner.OpenFile("example.com/models", path);

        Assert.Equal(made.KeyId, read.KeyId);
        Assert.Equal([path], Directory.GetFiles(Folder));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public void Keys_that_do_not_fit_are_refused_without_telling_them()
    {
        using ECDsa p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using RSA rsa = RSA.Create(2048);
        foreach (string pem in (string[])[p384.ExportPkcs8PrivateKeyPem(), rsa.ExportPkcs8PrivateKeyPem(), _signer.Verifier.ExportPem(), "secret", ""])
            Assert.DoesNotContain("secret", Assert.Throws<ArgumentException>(() => EcdsaCheckpointSigner.FromPem("name", pem)).ToString(), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => EcdsaCheckpointSigner.Create("a name"));
        Assert.Throws<ArgumentException>(() => EcdsaCheckpointSigner.Create("a+name"));
    }
}
