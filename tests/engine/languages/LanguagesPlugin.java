package org.newswarc.test;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.ar.ArabicAnalyzer;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.email.UAX29URLEmailTokenizer;
import org.apache.lucene.analysis.fa.PersianAnalyzer;
import org.apache.lucene.analysis.miscellaneous.RemoveDuplicatesTokenFilter;
import org.apache.lucene.analysis.pattern.PatternCaptureGroupTokenFilter;
import org.apache.lucene.analysis.ru.RussianAnalyzer;
import org.apache.lucene.analysis.tr.TurkishAnalyzer;
import org.elasticsearch.index.analysis.AbstractIndexAnalyzerProvider;
import org.elasticsearch.index.analysis.AbstractTokenFilterFactory;
import org.elasticsearch.index.analysis.AnalyzerProvider;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;

/**
 * What every ordinary Elasticsearch has in its module analysis-common and the build for integration tests lacks:
 * Lucene's language analyzers under Elasticsearch's names, and the parts that the indices of security ask for.
 */
public class LanguagesPlugin extends Plugin implements AnalysisPlugin {

    @Override
    public Map<String, AnalysisProvider<AnalyzerProvider<? extends Analyzer>>> getAnalyzers() {
        Map<String, AnalysisProvider<AnalyzerProvider<? extends Analyzer>>> all = new LinkedHashMap<>();
        all.put("english", of(EnglishAnalyzer::new));
        all.put("russian", of(RussianAnalyzer::new));
        all.put("arabic", of(ArabicAnalyzer::new));
        all.put("persian", of(PersianAnalyzer::new));
        all.put("turkish", of(TurkishAnalyzer::new));
        return all;
    }

    private static AnalysisProvider<AnalyzerProvider<? extends Analyzer>> of(Supplier<Analyzer> make) {
        return (index, environment, name, settings) -> new Language(name, make.get());
    }

    private static final class Language extends AbstractIndexAnalyzerProvider<Analyzer> {
        private final Analyzer analyzer;

        Language(String name, Analyzer analyzer) {
            super(name);
            this.analyzer = analyzer;
        }

        @Override
        public Analyzer get() {
            return analyzer;
        }
    }

    @Override
    public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
        Map<String, AnalysisProvider<TokenFilterFactory>> all = new LinkedHashMap<>();
        all.put("unique", (index, environment, name, settings) -> new Filter(name, RemoveDuplicatesTokenFilter::new));
        all.put("pattern_capture", AnalysisPlugin.requiresAnalysisSettings((index, environment, name, settings) -> {
            Pattern[] patterns = settings.getAsList("patterns").stream().map(Pattern::compile).toArray(Pattern[]::new);
            boolean original = settings.getAsBoolean("preserve_original", true);
            return new Filter(name, stream -> new PatternCaptureGroupTokenFilter(stream, original, patterns));
        }));
        return all;
    }

    private static final class Filter extends AbstractTokenFilterFactory {
        private final Function<TokenStream, TokenStream> make;

        Filter(String name, Function<TokenStream, TokenStream> make) {
            super(name);
            this.make = make;
        }

        @Override
        public TokenStream create(TokenStream stream) {
            return make.apply(stream);
        }
    }

    @Override
    public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
        return Map.of(
            "uax_url_email",
            (index, environment, name, settings) -> TokenizerFactory.newFactory(name, UAX29URLEmailTokenizer::new));
    }
}
